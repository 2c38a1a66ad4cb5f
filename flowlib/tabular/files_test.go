package tabular

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/fit"
	"normflow/flowlib/table"
)

// fitFiles fits some files; step, if not nil, is called at the first point of the curve.
func fitFiles(t *testing.T, files []string, dir string, c FitConfig, step func(stop func())) (*Record, string, error) {
	t.Helper()
	var notes []string
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, err := FitFiles(ctx, files, dir, c, Progress{
		Note: func(n table.Note) { notes = append(notes, n.Says) },
		Step: func(fit.Point, fit.Config) {
			if step != nil {
				step(stop)
				step = nil
			}
		},
	})
	return r, strings.Join(notes, "\n"), err
}

// cut writes rows to files of these names, in other orders of the columns a, b.
func cut(t *testing.T, rows [][]float64, names ...string) (files []string) {
	t.Helper()
	for k, name := range names {
		part := rows[k*len(rows)/len(names) : (k+1)*len(rows)/len(names)]
		columns := []string{"a", "b"}
		if k%2 == 1 {
			columns = []string{"b", "a"}
			turned := make([][]float64, len(part))
			for i, row := range part {
				turned[i] = []float64{row[1], row[0]}
			}
			part = turned
		}
		files = append(files, write(t, name, columns, part))
	}
	return files
}

func bitsOf(t *testing.T, dir string) string {
	t.Helper()
	bits, err := os.ReadFile(filepath.Join(dir, "weights.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return string(bits)
}

// A table in one file and the same in many, of any format, become the same weights, held in
// memory or not, and also where the fit is interrupted.
func TestManyFilesAsOne(t *testing.T) {
	rows := moons(1, 2000)
	files := cut(t, rows, "a.csv", "b.parquet", "c.csv.gz", "d.npz", "e.tsv")
	for _, streamed := range []bool{false, true} {
		dir := t.TempDir()
		in := func(name string) string { return filepath.Join(dir, name) }
		c := small()
		c.Stream = streamed
		if _, _, err := fitFiles(t, []string{write(t, "all.csv", []string{"a", "b"}, rows)}, in("csv"), c, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := fitFiles(t, []string{write(t, "all.parquet", []string{"a", "b"}, rows)}, in("parquet"), c, nil); err != nil {
			t.Fatal(err)
		}
		r, said, err := fitFiles(t, files, in("many"), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if one := bitsOf(t, in("csv")); one != bitsOf(t, in("many")) || one != bitsOf(t, in("parquet")) {
			t.Errorf("streamed %v: many files have other weights than one", streamed)
		}
		var counts []int64
		for i, f := range r.Source.Files {
			if f.File != files[i] || len(f.SHA256) != 64 {
				t.Errorf("file %d is %+v", i, f)
			}
			counts = append(counts, f.Rows)
		}
		if !slices.Equal(counts, []int64{400, 400, 400, 400, 400}) || r.Source.File != files[0] || r.Source.SHA256 != "" || r.Source.Rows != 2000 {
			t.Errorf("the source is %+v", r.Source)
		}
		if !strings.Contains(said, "a.csv and 4 more: ") {
			t.Errorf("it says:\n%s", said)
		}
		m := open(t, in("many"), "auto")
		m.Record.Sketch = nil // so that the checksums decide
		if e, err := m.Evaluate(t.Context(), files[2], Options{}, 1); err != nil || !e.Same {
			t.Errorf("one of the files is not recognized: %v", err)
		}

		var stopped *InterruptedError
		if _, _, err := fitFiles(t, files, in("resumed"), c, func(stop func()) { stop() }); !errors.As(err, &stopped) {
			t.Fatal(err)
		}
		c.Resume = true
		if _, _, err := fitFiles(t, slices.Concat(files[1:], files[:1]), in("resumed"), c, nil); err == nil || !strings.Contains(err.Error(), "another run") {
			t.Errorf("the files in another order: %v", err)
		}
		if _, _, err := fitFiles(t, files, in("resumed"), c, nil); err != nil || bitsOf(t, in("resumed")) != bitsOf(t, in("many")) {
			t.Errorf("a fit that was interrupted ends with other weights: %v", err)
		}
	}
}

// A file that changes or goes while training reads it over and over is an error that names
// it, and leaves no model.
func TestFilesChangeWhileTheyAreRead(t *testing.T) {
	for says, spoil := range map[string]func(path string) error{
		"b.csv: was removed while it was read": os.Remove,
		"b.csv: was changed while it was read": func(path string) error { return os.WriteFile(path, []byte("a,b\n1,2\n"), 0o644) },
	} {
		files := cut(t, moons(1, 2000), "a.csv", "b.csv")
		dir := t.TempDir()
		c := small()
		c.Stream = true
		_, _, err := fitFiles(t, files, filepath.Join(dir, "model"), c, func(func()) {
			if err := spoil(files[1]); err != nil {
				t.Error(err)
			}
		})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
		if _, err := os.Stat(filepath.Join(dir, "model")); err == nil {
			t.Error("it left a model")
		}
	}
}

// Warnings and errors about rows name the file that they are in.
func TestRowsOfFilesAreNamed(t *testing.T) {
	rows := moons(1, 2000)
	rows[3][1], rows[4][1], rows[1000][0] = 1e9, 1e9, 1e9 // column a, the second of the second file
	files := cut(t, rows, "a.csv", "b.parquet")
	for _, streamed := range []bool{false, true} {
		c := small()
		c.Stream = streamed
		r, _, err := fitFiles(t, files, filepath.Join(t.TempDir(), "model"), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		var all string
		for _, w := range r.Warnings {
			all += w.Says + "\n"
		}
		for _, want := range []string{"is far outside in row 1 of " + files[1] + ": found", "is far outside in lines 5, 6 of " + files[0] + ": found"} {
			if !strings.Contains(all, want) {
				t.Errorf("streamed %v: no %q in\n%s", streamed, want, all)
			}
		}
		c.Weights = "b"
		if _, _, err := fitFiles(t, files, filepath.Join(t.TempDir(), "model"), c, nil); err == nil || !strings.Contains(err.Error(), "a.csv: line ") {
			t.Errorf("streamed %v, a weight below 0: %v", streamed, err)
		}
	}
}

// What a fit writes is none of its files, and a file that is the same as another is told.
func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	rows := moons(1, 500)
	for _, name := range []string{"a.csv", "b.csv", "model.checkpoint"} {
		if err := table.WriteAll(in("x.csv"), []string{"a", "b"}, rows); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(in("x.csv"), in(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(in("model"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := small()
	for file, want := range map[string]string{
		in("model.checkpoint"): "model.checkpoint: is the file to read and the one to write",
		in("model"):            "model: is the folder to read and the one to write",
		"-":                    "the standard input ",
	} {
		for _, c.Stream = range []bool{false, true} {
			out := in("model")
			if file == "-" {
				out = in("new")
			}
			if _, _, err := fitFiles(t, []string{in("a.csv"), file}, out, c, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", file, err, want)
			}
		}
	}
	if _, _, err := fitFiles(t, nil, in("other"), c, nil); err == nil {
		t.Error("no file: no error")
	}
	c.Stream = false
	r, _, err := fitFiles(t, []string{in("a.csv"), in("b.csv")}, in("other"), c, nil)
	if err != nil || !strings.HasSuffix(r.Warnings[0].Says, "a.csv: all its rows are in the table twice") {
		t.Errorf("two files of the same rows: %v, %+v", err, r)
	}
}

// Columns that are not read may differ between files where the user says which to read.
func TestOtherColumnsOfFiles(t *testing.T) {
	rows := moons(1, 500)
	wide := make([][]float64, len(rows))
	for i, row := range moons(2, 500) {
		wide[i] = append(row, float64(i))
	}
	files := []string{write(t, "a.csv", []string{"a", "b"}, rows), write(t, "b.csv", []string{"b", "a", "time"}, wide)}
	c := small()
	if _, _, err := fitFiles(t, files, filepath.Join(t.TempDir(), "model"), c, nil); err == nil || !strings.Contains(err.Error(), `b.csv: has the column "time", which `) {
		t.Errorf("another column: %v", err)
	}
	c.Columns = []string{"b", "a"}
	r, _, err := fitFiles(t, files, filepath.Join(t.TempDir(), "model"), c, nil)
	if err != nil || !reflect.DeepEqual(r.Features, c.Columns) || r.Source.Rows != 1000 {
		t.Errorf("named columns: %v, %s", err, fmt.Sprint(r))
	}
}
