package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"normflow/flowlib/density"
	"normflow/flowlib/table"
)

// skewed has two lognormal columns that go together and, in one row of five, an exact 0 in a
// third.
func skewed(seed uint64, n int) (rows [][]float64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	for range n {
		z := 1.5 * rng.NormFloat64()
		row := []float64{100 * math.Exp(z), math.Exp(z + 0.3*rng.NormFloat64()), rng.NormFloat64()}
		if rng.Float64() < 0.2 {
			row[2] = 0
		}
		rows = append(rows, row)
	}
	return rows
}

// simple fits a Gaussian and a mixture, which takes no time.
func simple(t *testing.T, rows [][]float64) *Model {
	t.Helper()
	names := []string{"a", "b", "c"}[:len(rows[0])]
	dir := filepath.Join(t.TempDir(), "model")
	c := DefaultFit()
	c.Test, c.Steps = 0.4, 20
	if _, err := Fit(context.Background(), write(t, "t.csv", names, rows), dir, c, Progress{}); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, "auto")
}

// The score is a log-density: that of half the column and half its image, each by its
// spread. It integrates to one in those units.
func TestBalancedIsADensity(t *testing.T) {
	var rows [][]float64
	for _, row := range skewed(1, 1000) {
		rows = append(rows, row[:1])
	}
	m := simple(t, rows)
	s, c := m.Record.Spreads[0], m.mapOf(0)
	in := func(x float64) float64 {
		y, _ := c.Forward(x)
		return (x/(s.File[1]-s.File[0]) + y/(s.Mapped[1]-s.Mapped[0])) / 2
	}
	if y, _ := c.Forward(1); y == 1 {
		t.Fatalf("the column has no map: %+v", c)
	}
	sum, last := 0.0, in(1e-4)
	for x := 1e-4; x < 1e6; {
		next := x * 1.01
		score, err := density.LogProb(Balanced{m}, [][]float64{{(x + next) / 2}})
		if err != nil {
			t.Fatal(err)
		}
		sum += math.Exp(score[0]) * (in(next) - last)
		last, x = in(next), next
	}
	if math.Abs(sum-1) > 2e-3 {
		t.Errorf("the integral is %g, want 1", sum)
	}
}

// Who gives a column in other units gets the same scores, but other log-densities; at an atom
// the column has none to change.
func TestBalancedHasNoUnits(t *testing.T) {
	rows := skewed(2, 1200)
	var larger [][]float64
	for _, row := range rows {
		larger = append(larger, []float64{row[0], row[1], 1024 * row[2]})
	}
	a, b := simple(t, rows), simple(t, larger)
	for i, row := range skewed(3, 50) {
		one := func(m *Model, row []float64) (logProb, score float64) {
			lp, err := density.LogProb(m, [][]float64{row})
			if err != nil {
				t.Fatal(err)
			}
			s, err := density.LogProb(Balanced{m}, [][]float64{row})
			if err != nil {
				t.Fatal(err)
			}
			return lp[0], s[0]
		}
		lpA, scoreA := one(a, row)
		lpB, scoreB := one(b, []float64{row[0], row[1], 1024 * row[2]})
		apart := math.Log(1024)
		if row[2] == 0 {
			apart = 0
		}
		if math.Abs(scoreA-scoreB) > 1e-3 || math.Abs(lpA-lpB-apart) > 1e-3 {
			t.Errorf("row %d, %v: scores %g and %g, log-densities %g and %g", i, row, scoreA, scoreB, lpA, lpB)
		}
	}
}

// p-values compare scores with scores: of normal rows a tenth have p ≤ 0.1. A row that is odd
// where a column is dense is found, though its log-density in the units of the file is high.
func TestBalancedAnomalies(t *testing.T) {
	m := simple(t, skewed(4, 2500))
	fresh := skewed(5, 4000)
	for i := range 100 {
		fresh[i] = []float64{10, 1, 1} // b is usually a/100; rows with such small values are dense
	}
	var labelled [][]float64
	for i, row := range fresh {
		label := 0.0
		if i < 100 {
			label = 1
		}
		labelled = append(labelled, append(slices.Clone(row), label))
	}
	out := filepath.Join(t.TempDir(), "o.csv")
	a, err := m.Anomalies(context.Background(), write(t, "f.csv", []string{"a", "b", "c", "label"}, labelled), out, AnomalyOptions{FalseAlarm: 0.1, Labels: "label"})
	if err != nil {
		t.Fatal(err)
	}
	if l := a.Labels; a.Score != "balanced log-density" || math.Abs(l.FalseAlarms-0.1) > 0.03 || l.Detected < 1 {
		t.Errorf("%s: %g false alarms, %g detected", a.Score, l.FalseAlarms, l.Detected)
	}
	got, err := table.ReadAll(out, table.Options{Exclude: []string{"drivers"}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := density.LogProb(Balanced{m}, fresh)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range got.Rows {
		if math.Abs(row[1]-want[i]) > 1e-4*max(1, math.Abs(want[i])) {
			t.Fatalf("row %d: score %g, want %g", i, row[1], want[i])
		}
	}
}

// A model that an older version has written is scored by its log-density, with which its
// record compares.
func TestAnomaliesOfOlderModels(t *testing.T) {
	m := simple(t, skewed(6, 1000))
	m.Record.Spreads, m.Record.Calibration.Balanced = nil, nil
	file := write(t, "f.csv", []string{"a", "b", "c"}, skewed(7, 200))
	a, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	if a.Score != "log-density" || len(a.Strangest) == 0 || a.Strangest[0].Score != a.Strangest[0].LogProb {
		t.Error(fmt.Sprint(a.Score, a.Strangest))
	}
	if scores := m.Record.Calibration.Scores; !slices.Contains(scores, float64(a.Threshold)+slack(scores[len(scores)/20])) && math.Abs(float64(a.Threshold)-scores[19]) > 0.01 {
		t.Errorf("threshold %g of %v", a.Threshold, scores[:22])
	}
}

// A model without a record, as it is imported, is scored by its log-density too. What would be
// normal is known from its draws, whatever it is made of.
func TestAnomaliesWithoutARecord(t *testing.T) {
	m := simple(t, skewed(8, 1000))
	if m.Saved.Columns.Identity() || m.Saved.Atoms == nil {
		t.Fatal("a model without maps or atoms")
	}
	m.Record = nil
	normal := write(t, "n.csv", []string{"a", "b", "c"}, skewed(9, 200))
	file := write(t, "f.csv", []string{"a", "b", "c"}, [][]float64{{100, 1, 0.5}, {100, 1, 40}})
	a, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: 0.05, Calibration: normal})
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Strangest; a.Score != "log-density" || len(s) != 1 || s[0].Score != s[0].LogProb || len(s[0].Drivers) == 0 || s[0].Drivers[0].Column != "c" {
		t.Errorf("%s: %+v", a.Score, s)
	}
}

// Where no column has a map or atoms the units are the same everywhere, and the score is the
// log-density.
func TestScoreWithoutMapsIsTheLogDensity(t *testing.T) {
	dir, _ := fitted(t, small())
	if m := open(t, dir, "auto"); m.Record.Spreads != nil || m.Record.Calibration.Balanced != nil || !(Balanced{m}).isLogProb() {
		t.Errorf("%+v: expected no spreads", m.Record.Spreads)
	}
	if m := simple(t, skewed(3, 1000)); m.Record.Spreads == nil || (Balanced{m}).isLogProb() {
		t.Error("two lognormal columns and zeros have no spreads")
	}
}
