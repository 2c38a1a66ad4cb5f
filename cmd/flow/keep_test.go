//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Files that pyarrow wrote keep their columns of types that are no features, such as times.
func TestKeepOfTypedColumns(t *testing.T) {
	for file, want := range map[string]string{
		"timestamp.parquet": "x,y,k,when,log_prob\n10.251460442186787,11.257971555333796,5,2024-01-01T00:00:00,",
		"decimal.parquet":   "x,y,k,price,log_prob\n10.251460442186787,11.257971555333796,5,10.25,",
	} {
		in, dir := filepath.Join("testdata", file), t.TempDir()
		model, out := filepath.Join(dir, "model"), filepath.Join(dir, "out.csv")
		must(t, "fit", in, "-o", model, "--columns", "x,y", "--steps", "20", "--layers", "1", "--model", "realnvp")
		must(t, "score", model, in, "--keep", "-o", out)
		text, err := os.ReadFile(out)
		if err != nil || !strings.HasPrefix(string(text), want) || strings.Count(string(text), "\n") != 301 {
			t.Errorf("%s: %v, wrote %.200s", file, err, text)
		}
		must(t, "score", model, in, "--keep", "-o", filepath.Join(dir, "out.parquet"))
	}
}

// A text of a mebibyte that thousands of rows name by its number takes little memory to
// keep, or is refused in a line.
func TestKeepOfATextNamedOften(t *testing.T) {
	dir := t.TempDir()
	rows := "x,y,t\n"
	for i := range 200 {
		rows += fmt.Sprintf("%d.5,%d.25,0.%d\n", i%17, i%13, i)
	}
	csv, model := filepath.Join(dir, "t.csv"), filepath.Join(dir, "model")
	if err := os.WriteFile(csv, []byte(rows), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "fit", csv, "-o", model, "--columns", "x,y", "--steps", "20", "--layers", "1", "--model", "realnvp")
	out := filepath.Join(dir, "out.csv")
	cmd := command(t, "score", model, "../../flowlib/table/testdata/text_named_often.parquet", "--keep", "-o", out, "--memory", "200MB")
	said := ends(t, cmd, 1)
	if strings.Count(said, "\n") != 1 {
		t.Errorf("says %s", said)
	}
	if used := maxResident(cmd.ProcessState); used > 400<<20 {
		t.Errorf("took %d MiB", used>>20)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a table is left")
	}
}

// maxResident is how many bytes of memory a process that has ended held at most.
func maxResident(p *os.ProcessState) int64 { return p.SysUsage().(*syscall.Rusage).Maxrss << 10 }
