package tabular

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// Draws of columns on a grid lie on it, and are scored as the same rows of a file.
func TestDrawsOnTheGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	var rows [][]float64
	for range 1000 {
		n := float64(rng.IntN(5))
		rows = append(rows, []float64{n, math.Round(10*(0.5*n+rng.NormFloat64())) / 10, rng.NormFloat64()})
	}
	columns := []string{"count", "tenth", "x"}
	dir := filepath.Join(t.TempDir(), "model")
	c := small()
	c.Steps = 60
	r, err := Fit(context.Background(), write(t, "grid.csv", columns, rows), dir, c, Progress{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Steps[0] != 1 || math.Abs(r.Steps[1]-0.1) > 1e-9 || r.Steps[2] != 0 {
		t.Fatalf("steps %v", r.Steps)
	}
	m := open(t, dir, "auto")
	drawn := filepath.Join(t.TempDir(), "draws.csv")
	if _, err := m.Sample(context.Background(), drawn, SampleConfig{Count: 2000, Seed: 1, Temperature: 1, LogProb: true}); err != nil {
		t.Fatal(err)
	}
	zeros := 0.0
	table := readAll(t, drawn)
	for i, row := range table.Rows {
		if row[0] == 0 {
			zeros++
		}
		if row[0] != math.Round(row[0]) || row[0] < 0 || math.Signbit(row[0]) || row[1] != math.Round(10*row[1])/10 {
			t.Fatalf("draw %d is %v", i, row)
		}
	}
	if zeros /= 2000; math.Abs(zeros-0.2) > 0.1 {
		t.Errorf("%.3f of the draws are 0, of the rows 0.2", zeros)
	}
	scored := filepath.Join(t.TempDir(), "scores.csv")
	if _, err := m.Score(context.Background(), drawn, scored, Options{}); err != nil {
		t.Fatal(err)
	}
	for i, row := range readAll(t, scored).Rows {
		if math.Abs(row[0]-table.Rows[i][3]) > 2e-5*max(1, math.Abs(row[0])) {
			t.Fatalf("draw %d has log-density %g, scored it has %g", i, table.Rows[i][3], row[0])
		}
	}
}
