package tabular

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/density"
	"normflow/flowlib/fit"
	"normflow/flowlib/table"
)

// fitOf fits a table and returns the record, the NLL of fresh rows and what was noted.
func fitOf(t *testing.T, file, dir string, c FitConfig, step fit.Progress) (*Record, float64, string) {
	t.Helper()
	var notes []string
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, err := Fit(ctx, file, dir, c, Progress{
		Note: func(n table.Note) { notes = append(notes, n.Says) },
		Step: func(p fit.Point, of fit.Config) {
			if step != nil {
				step(p, of)
				stop()
			}
		},
	})
	said := strings.Join(notes, "\n")
	var stopped *InterruptedError
	if step != nil && errors.As(err, &stopped) {
		return nil, 0, said
	}
	if err != nil {
		t.Fatal(err)
	}
	logProb, err := density.LogProb(open(t, dir, "auto"), moons(99, 2000))
	if err != nil {
		t.Fatal(err)
	}
	return r, -stat.Mean(logProb, nil), said
}

// A table that fits is learned as well by reading it over and over as in memory, and an
// interrupted fit goes on to the same bits.
func TestStreamedAsHeld(t *testing.T) {
	rows := moons(1, 4000)
	for _, row := range rows {
		row[1] = math.Round(64*row[1]) / 64 // to be dequantized
	}
	file := write(t, "moons.parquet", []string{"a", "b"}, rows)
	dir := t.TempDir()
	c := small()
	c.Steps = 600
	_, held, _ := fitOf(t, file, filepath.Join(dir, "held"), c, nil)
	c.Stream = true
	r, streamed, said := fitOf(t, file, filepath.Join(dir, "streamed"), c, nil)
	if math.Abs(held-streamed) > 0.03 { // by seeds it varies by 0.01
		t.Errorf("the NLL of fresh rows is %.4f nats, of a fit in memory %.4f", streamed, held)
	}
	if r.Streamed == nil || r.Streamed.Rows != 4000 || r.Source.Rows != 4000 || math.Abs(r.Streamed.Passes-600*256/3200.) > 5 {
		t.Errorf("the record says %+v of %d rows", r.Streamed, r.Source.Rows)
	}
	if s := r.Split; s.Train+s.Valid+s.Test != 4000 || math.Abs(float64(s.Valid)-400) > 100 || math.Abs(float64(s.Test)-400) > 100 {
		t.Errorf("the split is %+v", s)
	}
	if !strings.Contains(said, "a sample of 4000 of 4000 rows") || !strings.Contains(said, "and reads the file") {
		t.Errorf("it says:\n%s", said)
	}

	model := filepath.Join(dir, "resumed")
	fitOf(t, file, model, c, func(fit.Point, fit.Config) {})
	c.Resume = true
	fitOf(t, file, model, c, nil)
	var bits [2][]byte
	for i, name := range []string{"streamed", "resumed"} {
		var err error
		if bits[i], err = os.ReadFile(filepath.Join(dir, name, "weights.safetensors")); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(bits[0], bits[1]) {
		t.Error("a fit that was interrupted ends with other weights")
	}
}

// A sorted table of ten times the memory is learned too, with a column on a grid and rows
// far outside that are not in the sample; what cannot be streamed is fitted to the sample,
// and a line says so.
func TestStreamedBeyondMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("fits three times")
	}
	rows := moons(1, 20000)
	slices.SortFunc(rows, slices.Compare)
	rows[12347][1] = 1e9
	file := write(t, "moons.csv", []string{"a", "b"}, rows)
	dir := t.TempDir()
	c := small()
	c.Steps, c.Read.Memory = 600, 400_000
	_, err := Fit(t.Context(), file, filepath.Join(dir, "held"), c, Progress{})
	if err == nil || !strings.Contains(err.Error(), "hold a sample and train while reading, read fewer rows or columns, or let the run hold more") {
		t.Fatalf("in memory: %v", err)
	}
	c.Stream = true
	r, streamed, _ := fitOf(t, file, filepath.Join(dir, "streamed"), c, nil)
	c.Stream, c.Read.Memory = false, 0
	_, held, _ := fitOf(t, file, filepath.Join(dir, "held"), c, nil)
	if math.Abs(held-streamed) > 0.05 {
		t.Errorf("the NLL of fresh rows is %.4f nats, of a fit in memory %.4f", streamed, held)
	}
	if r.Streamed.Rows != 20000 || r.Source.Rows > 1100 || r.Summary.Rows != 20000 || r.Summary.Columns[1].Max != 1e9 {
		t.Errorf("a sample of %d rows, %+v, %+v", r.Source.Rows, r.Streamed, r.Summary.Columns[1])
	}
	if last := r.Warnings[len(r.Warnings)-1].Says; !strings.HasPrefix(last, "1 training rows lie far outside") {
		t.Errorf("the last warning is %q", last)
	}
	c.Stream, c.Read.Memory, c.Model, c.Layers, c.Steps = true, 400_000, "", 0, 20
	r, _, said := fitOf(t, file, filepath.Join(dir, "chosen"), c, nil)
	if !strings.Contains(said, "training sees the sample alone: the model is chosen by the table") || r.Streamed.Passes != 0 {
		t.Errorf("without a model it says:\n%s", said)
	}
	if _, err := Fit(t.Context(), "-", filepath.Join(dir, "pipe"), c, Progress{}); err == nil || !strings.Contains(err.Error(), "cannot be read twice") {
		t.Errorf("the standard input: %v", err)
	}
}

// Folds share out all lines as test rows.
func TestPartsOfLines(t *testing.T) {
	c := DefaultFit()
	var count [3]int
	for line := range int64(10000) {
		count[c.partOf(line)]++
	}
	c.Folds = 4
	for line := range int64(10000) {
		tested := 0
		for c.Fold = range 4 {
			switch c.partOf(line) {
			case forTest:
				tested++
			case forValidation:
				count[forValidation]++
			}
		}
		if tested != 1 {
			t.Fatalf("line %d is tested by %d folds", line, tested)
		}
	}
	for k, want := range []int{8000, 5000, 1000} {
		if math.Abs(float64(count[k]-want)) > 250 {
			t.Errorf("parts have %v lines", count)
		}
	}
}
