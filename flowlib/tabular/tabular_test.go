package tabular

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/fit"
	"normflow/flowlib/table"
)

// write makes a table of rows under the names; its format is that of the name.
func write(t *testing.T, name string, columns []string, rows [][]float64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := table.WriteAll(path, columns, rows); err != nil {
		t.Fatal(err)
	}
	return path
}

// small is a fit of a second.
func small() FitConfig {
	c := DefaultFit()
	c.Model, c.Layers, c.Steps, c.Seed = "realnvp", 2, 200, 7
	return c
}

func moons(seed int64, n int) [][]float64 { return dataset.TwoMoons(0.1).Sample(seed, n) }

// fitted is a small model of two columns, a and b, and the folder it is in.
func fitted(t *testing.T, c FitConfig) (string, *Record) {
	t.Helper()
	file := write(t, "moons.csv", []string{"a", "b"}, moons(1, 1000))
	dir := filepath.Join(t.TempDir(), "model")
	r, err := Fit(context.Background(), file, dir, c, Progress{})
	if err != nil {
		t.Fatal(err)
	}
	return dir, r
}

func open(t *testing.T, dir, engine string) *Model {
	t.Helper()
	m, err := Open(dir, engine)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readAll(t *testing.T, path string) *table.Table {
	t.Helper()
	got, err := table.ReadAll(path, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// near allows what two engines in float32 differ by.
func near(got, want float64) bool {
	return math.Abs(got-want) <= 2e-5*max(1, math.Abs(want))
}

func TestRecord(t *testing.T) {
	dir, made := fitted(t, small())
	m := open(t, dir, "auto")
	r := m.Record
	if r == nil || m.Engine != "fast" || r.Engine != "fast" {
		t.Fatalf("engine %q, record %+v", m.Engine, r)
	}
	if r.Split != (Split{7, 800, 100, 100}) || len(r.Calibration.Scores) != 100 || r.Calibration.Part != "test" || r.Source.Rows != 1000 || len(r.Source.SHA256) != 64 {
		t.Errorf("got %+v", r)
	}
	made.Fit.Checkpoint = "" // a path of this machine is not for the record
	if fmt.Sprint(r.Features, r.Fit, r.Result.Curve) != fmt.Sprint([]string{"a", "b"}, made.Fit, made.Result.Curve) || *r.Test != *made.Test {
		t.Error("what was saved is not what Fit has returned")
	}
	if want := r.Test.Mean / 2 / math.Ln2; !near(r.Test.BitsPerDim, want) {
		t.Errorf("%g bits per dimension, want %g", r.Test.BitsPerDim, want)
	}
	// The scores are those of the test rows, which nothing else was.
	sum := 0.0
	for _, s := range r.Calibration.Scores {
		sum -= s
	}
	if !near(sum/100, r.Test.Mean) {
		t.Errorf("calibration has the NLL %g, the test rows %g", sum/100, r.Test.Mean)
	}
	if len(r.Typical) != 2 || len(r.Typical[0]) != 32 {
		t.Errorf("typical values %v", r.Typical)
	}
}

// Whole numbers get noise, for all figures but the scores that are compared with later.
func TestGridIsDequantized(t *testing.T) {
	rows := moons(1, 1000)
	for _, row := range rows {
		row[1] = math.Round(3 * row[1])
	}
	file := write(t, "grid.csv", []string{"a", "b"}, rows)
	var notes []string
	dir := filepath.Join(t.TempDir(), "model")
	r, err := Fit(context.Background(), file, dir, small(), Progress{Note: func(n table.Note) { notes = append(notes, n.String()) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Steps) != 2 || r.Steps[0] != 0 || r.Steps[1] != 1 {
		t.Errorf("steps %v", r.Steps)
	}
	if text := strings.Join(notes, "\n"); !strings.Contains(text, `column "b": feature, 7 values in 1000 rows, all on steps of 1: uniform noise`) {
		t.Errorf("the notes say nothing of it:\n%s", text)
	}
	m := open(t, dir, "auto")
	logProb, err := density.LogProb(m, rows)
	if err != nil {
		t.Fatal(err)
	}
	found := false // some row of the file is one of those held out, as it stands
	for _, lp := range logProb {
		found = found || slices.Contains(r.Calibration.Scores, lp)
	}
	if !found {
		t.Error("the scores held out are not those of rows of the file")
	}
}

func TestResumeEndsWithTheSameModel(t *testing.T) {
	c := small()
	c.Steps = 500
	whole, _ := fitted(t, c)
	file := write(t, "moons.csv", []string{"a", "b"}, moons(1, 1000))
	dir := filepath.Join(t.TempDir(), "model")

	ctx, cancel := context.WithCancel(context.Background())
	_, err := Fit(ctx, file, dir, c, Progress{Step: func(p fit.Point, _ fit.Config) {
		if p.Step == 200 {
			cancel()
		}
	}})
	stopped, ok := err.(*InterruptedError)
	if !ok || stopped.Checkpoint != dir+".checkpoint" {
		t.Fatalf("got %v", err)
	}
	if _, err := Open(dir, "auto"); err == nil {
		t.Error("there is a model already")
	}
	if _, err := Fit(context.Background(), file, dir, c, Progress{}); err == nil || !strings.Contains(err.Error(), "go on with the same options") {
		t.Errorf("without Resume: %v", err)
	}
	c.Resume = true
	first, every := 0, 0
	if _, err := Fit(context.Background(), file, dir, c, Progress{Step: func(p fit.Point, of fit.Config) {
		if first == 0 {
			first, every = p.Step, of.EvalEvery
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if first != 200+every {
		t.Errorf("went on with step %d", first)
	}
	a, b := open(t, whole, "auto"), open(t, dir, "auto")
	if a.Saved.WeightsSHA256 != b.Saved.WeightsSHA256 {
		t.Error("the weights differ from those of a fit without an interruption")
	}
	for _, left := range []string{".checkpoint", ".lock"} {
		if _, err := os.Stat(dir + left); err == nil {
			t.Errorf("%s is left", left)
		}
	}
	// With nothing to go on from, it begins.
	if _, err := Fit(context.Background(), file, dir, c, Progress{}); err != nil {
		t.Error(err)
	}
}

func TestFitRefuses(t *testing.T) {
	good := write(t, "moons.csv", []string{"a", "b"}, moons(1, 200))
	text := func(s string) string {
		path := filepath.Join(t.TempDir(), "t.csv")
		if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	withNotes, _ := fitted(t, small())
	if err := os.WriteFile(filepath.Join(withNotes, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file   string
		dir    string
		change func(*FitConfig)
		want   string
	}{
		{good, full, nil, "the folder holds something else than a model, such as "},
		{good, withNotes, nil, "the folder holds something else than a model, such as "},
		{good, good, nil, "is the file to read and the one to write"},
		{good, "", func(c *FitConfig) { c.Engine = "warp" }, `there is no engine "warp"; there are: auto, fast, xla, xla:cpu, xla:cuda, go`},
		{good, "", func(c *FitConfig) { c.Model = "gan" }, `flow: there is no model "gan"; there are: gaussian, glow, nice, nsf, realnvp`},
		{good, "", func(c *FitConfig) { c.Layers = 65 }, "expected 1 to 64 layers, found 65"},
		{good, "", func(c *FitConfig) { c.Columns, c.Exclude = []string{"a", "b"}, []string{"b"} }, "of columns that are named, only those are read: take b out there"},
		{good, "", func(c *FitConfig) { c.Steps = -1 }, "expected at least 1 step, found -1"},
		{good, "", func(c *FitConfig) { c.Valid = 0 }, "expected more than 0: without validation rows"},
		{good, "", func(c *FitConfig) { c.Test = 0.95 }, "shares of 0.1 for validation and 0.95 for the test leave no rows to train on"},
		{good, "", func(c *FitConfig) { c.Valid = math.NaN() }, "expected a share of the rows between 0 and 1 for validation, found NaN"},
		{good, "", func(c *FitConfig) { c.Test = -0.1 }, "expected a share of the rows from 0 to less than 1 for the test, found -0.1"},
		{good, "", func(c *FitConfig) { c.Columns = []string{"q"} }, `there is no column "q"; there are: a, b`},
		{good, "", func(c *FitConfig) { c.ConditionOn = []string{"q"} }, `there is no column "q"; there are: a, b`},
		{good, "", func(c *FitConfig) { c.ConditionOn, c.Exclude = []string{"a"}, []string{"q"} }, `there is no column "q"; there are: a, b`},
		{good, "", func(c *FitConfig) { c.ConditionOn = []string{"a", "b"} }, "no column is left to fit a density to; there are: a, b"},
		{good, "", func(c *FitConfig) { c.ConditionOn, c.Exclude = []string{"a"}, []string{"a"} }, `"a" is to be conditioned on and left out: expected one of the two`},
		{good, "", func(c *FitConfig) { c.ConditionOn, c.Model = []string{"a"}, "gaussian" }, "a Gaussian does not depend on a condition (a): expected a flow, such as nsf, or none to have one chosen"},
		{good, "", func(c *FitConfig) { c.Columns, c.ConditionOn = []string{"a"}, []string{"a"} }, `column "a" is named twice`},
		{text("a,b\n" + strings.Repeat("1,2\n3,4\n", 40)), "", nil, "t.csv: has 80 rows, too few to fit a density to: expected at least 100"},
		{text("a,b\n" + strings.Repeat("1,2\n3,2\n", 60)), "", func(c *FitConfig) { c.Columns = []string{"b"} }, `t.csv: no column is left to fit a density to: "b": one value in all 96 training rows`},
		{text("a,b\n1,2\n3,red\n"), "", nil, `t.csv: line 3, column "b": found "red", expected a number`},
		{text("a,b\n1,2\n3,\n"), "", nil, `or leave the rows out`},
		{filepath.Join(full, "nothing.csv"), "", nil, "nothing.csv: there is no such file: check the name and the folder"},
	} {
		c := small()
		if tt.change != nil {
			tt.change(&c)
		}
		dir := tt.dir
		if dir == "" {
			dir = filepath.Join(t.TempDir(), "model")
		}
		if _, err := Fit(context.Background(), tt.file, dir, c, Progress{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".flow-*")); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", tt.want, left, err)
		}
	}
}

// The folder one stands in is as good as any: what lies beside a model while it is
// fitted lies beside that folder, not in it.
func TestFitToTheFolderItself(t *testing.T) {
	file := write(t, "moons.csv", []string{"a", "b"}, moons(1, 200))
	dir := filepath.Join(t.TempDir(), "model")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	c := small()
	c.Steps = 5
	for range 2 { // an empty folder, a model
		if _, err := Fit(context.Background(), file, ".", c, Progress{}); err != nil {
			t.Fatal(err)
		}
		open(t, dir, "auto")
		t.Chdir(dir)
	}
	if left, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v lie beside the model", left, err)
	}
}

func TestTwoFitsOfOneFolder(t *testing.T) {
	file := write(t, "moons.csv", []string{"a", "b"}, moons(1, 1000))
	dir := filepath.Join(t.TempDir(), "model")
	tried := false
	_, err := Fit(context.Background(), file, dir, small(), Progress{Step: func(fit.Point, fit.Config) {
		tried = true
		if _, err := Fit(context.Background(), file, dir, small(), Progress{}); err == nil || !strings.Contains(err.Error(), "another process fits this model") {
			t.Errorf("the second fit: %v", err)
		}
	}})
	if err != nil || !tried {
		t.Fatal(err, tried)
	}
	if _, err := Fit(context.Background(), file, dir, small(), Progress{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Rows that miss a value, a column that is left out, and no test part.
func TestChoiceOfRowsAndColumns(t *testing.T) {
	var b strings.Builder
	b.WriteString("n;a;b\n")
	for i, row := range moons(1, 500) {
		if i%100 == 0 {
			fmt.Fprintf(&b, "%d;;%g\n", i, row[1])
		}
		fmt.Fprintf(&b, "%d;%g;%g\n", i, row[0], row[1])
	}
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	c := small()
	c.Exclude, c.Test, c.Read.Missing = []string{"n"}, 0, table.MissingDrop
	var notes []string
	r, err := Fit(context.Background(), path, filepath.Join(t.TempDir(), "model"), c, Progress{Note: func(n table.Note) { notes = append(notes, n.String()) }})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(notes, "\n"), "no rows are kept for the test") {
		t.Errorf("notes: %q", notes)
	}
	if r.Source.Dropped != 5 || r.Source.Rows != 500 || r.Test != nil || r.Calibration.Part != "valid" || len(r.Calibration.Scores) != 50 || strings.Join(r.Features, " ") != "a b" {
		t.Errorf("got %+v", r)
	}
}
