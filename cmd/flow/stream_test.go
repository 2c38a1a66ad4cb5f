//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"normflow/flowlib/table"
)

// A table that takes seven times the memory limit, in one file or in many, is refused with
// advice, and, where it is followed, fitted within the limit: the process takes that much
// more than one that fits a small table, which is the program and what an engine takes.
func TestStreamedWithinTheLimit(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" { // elsewhere the unit of Maxrss is another
		t.Skip("writes and reads a larger table")
	}
	dir := t.TempDir()
	tableOf := func(name string, rows int) string {
		path := filepath.Join(dir, name)
		w, err := table.Create(path, nil, []string{"a", "b", "c", "d"}, table.Dialect{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			x := float64(i*7919%rows) / float64(rows)
			if err := w.Write(nil, []float64{x, x*x + float64(i%101)/500, 1 - x*float64(i%97)/97, float64(i % 89)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	large, small := tableOf("large.parquet", 330_000), tableOf("small.parquet", 2000)
	args := func(file string) []string {
		return []string{"fit", file, "-o", filepath.Join(dir, "model"), "--model", "realnvp", "--layers", "2", "--steps", "300", "--memory", "12MB"}
	}
	many := filepath.Join(dir, "part-*.parquet")
	for k := range 6 {
		tableOf(fmt.Sprintf("part-%d.parquet", k), 55_000)
	}
	for _, file := range []string{large, many} {
		if said := ends(t, command(t, args(file)...), 1); !strings.Contains(said, "(--stream)") || !strings.Contains(said, "84.5 MB") {
			t.Errorf("without --stream: %s", said)
		}
	}
	peak := func(file string) (bytes int64, said string) {
		cmd := command(t, append(args(file), "--stream")...)
		said = ends(t, cmd, 0)
		return int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) << 10, said
	}
	least, _ := peak(small)
	for _, file := range []string{large, many} {
		most, said := peak(file)
		if most-least > 12e6 {
			t.Errorf("the fit of %s took %.1f MB more than that of the small table, %.1f MB", file, float64(most-least)/1e6, float64(least)/1e6)
		}
		if !strings.Contains(said, "of 330000 rows of") {
			t.Errorf("it says:\n%s", said)
		}
	}
}
