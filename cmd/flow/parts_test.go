package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// split writes the rows of a table into files day-0.csv and so on.
func split(t *testing.T, csv string, n int) (pattern string) {
	t.Helper()
	text, err := os.ReadFile(csv)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	header, rows := lines[0], lines[1:len(lines)-1]
	dir := filepath.Dir(csv)
	for k := range n {
		part := header + strings.Join(rows[k*len(rows)/n:(k+1)*len(rows)/n], "")
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("day-%d.csv", k)), []byte(part), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "day-*.csv")
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Parts, made by several processes and gathered, are the table that one command writes.
func TestPartsAreTheWhole(t *testing.T) {
	csv, model := moonsAndModel(t)
	pattern := split(t, csv, 4)
	in := func(name string) string { return filepath.Join(filepath.Dir(csv), name) }
	for name, flags := range map[string][]string{
		"score":   {"score", "--keep"},
		"anomaly": {"anomaly", "--false-alarm", "0.05"},
	} {
		call := func(file string, more ...string) []string {
			return append(append([]string{flags[0], model, file}, flags[1:]...), more...)
		}
		must(t, call(csv, "-o", in(name+".csv"))...)
		folder := in(name+"-parts") + "/"
		must(t, call(pattern, "-o", folder, "--shard", "1/3")...)
		if status, _, said := alone(t, "gather", folder, "-o", in("none.csv")); status != 1 || !strings.Contains(said, "3 of 4 parts are not there") {
			t.Errorf("%s: status %d: %s", name, status, said)
		}
		must(t, call(pattern, "-o", folder, "--shard", "0/3")...)
		must(t, call(pattern, "-o", folder)...)
		must(t, "gather", folder, "-o", in(name+"-joined.csv"))
		if content(t, in(name+".csv")) != content(t, in(name+"-joined.csv")) {
			t.Errorf("%s: the parts are another table", name)
		}
		if status, _, said := alone(t, append(call(pattern, "-o", folder), "--engine", "go")...); status != 1 || !strings.Contains(said, "another run") {
			t.Errorf("%s: another engine: status %d: %s", name, status, said)
		}
	}
}

// A Parquet file is divided by its row groups.
func TestPartsOfParquet(t *testing.T) {
	csv, model := moonsAndModel(t)
	in := func(name string) string { return filepath.Join(filepath.Dir(csv), name) }
	must(t, "data", "sample", "moons10", "-n", "140000", "-o", in("many.parquet"))
	must(t, "score", model, in("many.parquet"), "-o", in("scored.parquet"), "--keep")
	must(t, "score", model, in("many.parquet"), "-o", in("parts")+"/", "--keep", "--rows-per-part", "1")
	if files, err := filepath.Glob(in("parts/part-*.parquet")); err != nil || len(files) != 3 {
		t.Errorf("got %v, %v", files, err)
	}
	must(t, "gather", in("parts"), "-o", in("joined.parquet"))
	if content(t, in("scored.parquet")) != content(t, in("joined.parquet")) {
		t.Error("the parts are another table")
	}
}

// A seed and a number of parts say what is drawn, whoever draws which.
func TestPartsOfDraws(t *testing.T) {
	csv, model := moonsAndModel(t)
	in := func(name string) string { return filepath.Join(filepath.Dir(csv), name) }
	draw := func(folder string, more ...string) {
		must(t, append([]string{"sample", model, "-n", "1000", "--seed", "3", "--parts", "3", "-o", in(folder) + "/"}, more...)...)
	}
	draw("a")
	draw("b", "--shard", "1/2")
	draw("b", "--shard", "0/2")
	for _, folder := range []string{"a", "b"} {
		must(t, "gather", in(folder), "-o", in(folder+".csv"))
	}
	if a := content(t, in("a.csv")); a != content(t, in("b.csv")) || strings.Count(a, "\n") != 1001 {
		t.Error("the draws depend on who makes them")
	}
	if content(t, in("a/part-00000.csv")) == content(t, in("a/part-00001.csv")) {
		t.Error("two parts are the same")
	}
}

// Without a header in the files there is none in the output.
func TestNoHeader(t *testing.T) {
	csv, model := moonsAndModel(t)
	in := func(name string) string { return filepath.Join(filepath.Dir(csv), name) }
	_, rows, _ := strings.Cut(content(t, csv), "\n")
	if err := os.WriteFile(in("bare.csv"), []byte(rows), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "score", model, in("bare.csv"), "--header", "no", "--keep", "-o", in("scored.csv"))
	if n := strings.Count(content(t, in("scored.csv")), "\n"); n != 1000 {
		t.Errorf("%d lines for 1000 rows", n)
	}
}

func TestPartsAreRefused(t *testing.T) {
	csv, model := moonsAndModel(t)
	in := func(name string) string { return filepath.Join(filepath.Dir(csv), name) }
	for _, tt := range []struct {
		args   string
		status int
		says   string
	}{
		{"score MODEL CSV CSV2 -o a.csv", 2, "-o FOLDER/"},
		{"score MODEL CSV --shard 0/2 -o a.csv", 2, "-o FOLDER/"},
		{"score MODEL CSV --shard 2/2 -o OUT/", 2, "--shard: expected i/n"},
		{"score MODEL CSV --part-format xlsx -o OUT/", 2, "--part-format"},
		{"score MODEL CSV --rows-per-part -1 -o OUT/", 2, "--rows-per-part"},
		{"score MODEL none-*.csv -o OUT/", 1, "no file is called so"},
		{"score MODEL CSV none.csv -o OUT/", 1, "none.csv: there is no such file"},
		{"score MODEL CSV -o MODEL/", 2, "FOLDER/"},
		{"score MODEL CSV -o CSV/", 1, "is a file"},
		{"sample MODEL -n 10 -o OUT/", 2, "--parts: expected at least 1"},
		{"sample MODEL -n 10 --parts 2 -o a.csv", 2, "-o FOLDER/"},
		{"sample MODEL -n 2 --parts 3 -o OUT/", 2, "--parts: expected at most 2"},
		{"gather MODEL", 1, "holds no plan.json"},
		{"gather none", 1, "none"},
	} {
		words := strings.NewReplacer("MODEL", model, "CSV2", in("x.csv"), "CSV", csv, "OUT", in("out")).Replace(tt.args)
		if status, _, said := alone(t, strings.Fields(words)...); status != tt.status || !strings.Contains(said, tt.says) {
			t.Errorf("flow %s: status %d: %s", tt.args, status, said)
		}
	}
	if _, err := os.Stat(in("out")); err == nil {
		t.Error("a call that is refused left a folder")
	}
}
