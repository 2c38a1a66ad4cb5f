package tabular

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/columns"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// rain draws rows of which 40 % have a 0 in the first column, and else x from a gamma
// density of shape 2; y is N(3, 1) where it is 0, and N(log x, 1/4) else.
func rain(seed uint64, n int) (rows [][]float64, logProb []float64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	normal := func(v, mean, std float64) float64 {
		z := (v - mean) / std
		return -z*z/2 - math.Log(std) - math.Log(2*math.Pi)/2
	}
	for range n {
		if rng.Float64() < 0.4 {
			y := 3 + rng.NormFloat64()
			rows, logProb = append(rows, []float64{0, y}), append(logProb, math.Log(0.4)+normal(y, 3, 1))
			continue
		}
		x := rng.ExpFloat64() + rng.ExpFloat64()
		y := math.Log(x) + 0.5*rng.NormFloat64()
		rows, logProb = append(rows, []float64{x, y}), append(logProb, math.Log(0.6)+math.Log(x)-x+normal(y, math.Log(x), 0.5))
	}
	return rows, logProb
}

// plain fits with no choice of a model and returns what was said.
func plain(t *testing.T, columns []string, rows [][]float64, change func(c *FitConfig)) (m *Model, notes string) {
	t.Helper()
	c := DefaultFit()
	c.Steps = 300
	if change != nil {
		change(&c)
	}
	var all []string
	dir := filepath.Join(t.TempDir(), "model")
	if _, err := Fit(context.Background(), write(t, "t.csv", columns, rows), dir, c, Progress{Note: func(n table.Note) { all = append(all, n.String()) }}); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, "auto"), strings.Join(all, "\n") + "\n"
}

func drawn(t *testing.T, m *Model, n int) (rows [][]float64) {
	t.Helper()
	for d, err := range m.engine.DrawChunks(flow.Sampling{Seed: 5, Count: n, Temperature: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, d.X...)
	}
	return rows
}

// shareOf is that of rows with a value in a column.
func shareOf(rows [][]float64, column int, value float64) (share float64) {
	for _, row := range rows {
		if row[column] == value {
			share += 1 / float64(len(rows))
		}
	}
	return share
}

// A named model has no atoms; the warning says what has.
func TestAtomUnderANamedModel(t *testing.T) {
	rows, _ := rain(1, 300)
	_, notes := plain(t, []string{"rain", "y"}, rows, func(c *FitConfig) { c.Model = "gaussian" })
	if !strings.Contains(notes, "a density has a spike there, and its NLL no bound: to give such values a probability of their own, choose neither") {
		t.Errorf("said:\n%s", notes)
	}
}

func TestAtomAtZero(t *testing.T) {
	if testing.Short() {
		t.Skip("many rows, and no more threads than in other tests")
	}
	rows, _ := rain(1, 3000)
	m, notes := plain(t, []string{"rain", "y"}, rows, nil)
	if !strings.Contains(notes, `column "rain": feature, positive: `) || !strings.Contains(notes, "; exactly 0 in ") || strings.Contains(notes, "spike") {
		t.Errorf("said:\n%s", notes)
	}
	draws := drawn(t, m, 20000)
	share, want := shareOf(draws, 0, 0), shareOf(rows, 0, 0)
	if se := math.Sqrt(0.24/20000 + 0.24/3000); !(math.Abs(share-want) < 3*se) {
		t.Errorf("%g of the draws are 0, of the rows %g", share, want)
	}
	for _, x := range draws {
		if x[0] < 0 {
			t.Fatalf("drew %v", x)
		}
	}
	fresh, truth := rain(2, 20000)
	logProb, err := density.LogProb(m, fresh)
	if err != nil {
		t.Fatal(err)
	}
	gap := 0.0
	for i := range truth {
		gap += (truth[i] - logProb[i]) / float64(len(truth))
	}
	if !(gap < 0.05) {
		t.Errorf("the NLL of fresh rows is %.4f nats above the entropy", gap)
	}
	file := write(t, "new.csv", []string{"rain", "y"}, [][]float64{{0, -9}, {0, 3}, {1, 0}, {2, 40}, {-1, 3}})
	out := filepath.Join(t.TempDir(), "o.csv")
	a, err := m.Anomalies(context.Background(), file, out, AnomalyOptions{FalseAlarm: 0.02})
	if err != nil {
		t.Fatal(err)
	}
	if a.Flagged < 2 || a.Flagged > 3 || len(a.Strangest) == 0 {
		t.Errorf("flagged %d: %+v", a.Flagged, a.Strangest)
	}
	e, err := m.Evaluate(context.Background(), write(t, "fresh.csv", []string{"rain", "y"}, fresh[:1000]), Options{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := m.drawDensity(e); err != nil || p == nil || p.SVG == "" || !strings.Contains(p.Caption, "Exact values") {
		t.Errorf("the density: %+v, %v", p, err)
	}
	if _, err := m.Sample(context.Background(), filepath.Join(t.TempDir(), "s.csv"), SampleConfig{Count: 100, Temperature: 1, LogProb: true}); err != nil {
		t.Error(err)
	}
}

// Two columns with atoms, one of them a cap, and a column that is one value where the
// first is at its atom.
func TestTwoAtoms(t *testing.T) {
	if testing.Short() {
		t.Skip("many rows, and no more threads than in other tests")
	}
	rng := rand.New(rand.NewPCG(4, 4))
	var rows [][]float64
	for range 2400 {
		a, b, c := rng.NormFloat64(), 100*rng.Float64()+rng.NormFloat64(), rng.NormFloat64()
		if rng.Float64() < 0.3 {
			a = 0
		}
		if b > 80 {
			b = 80
		}
		if rng.Float64() < 0.07 { // and nothing else goes with it
			a, c = 7, 1.5
		}
		rows = append(rows, []float64{a, b, c})
	}
	m, notes := plain(t, []string{"a", "b", "c"}, rows, nil)
	if !strings.Contains(notes, "; exactly 0 in ") || !strings.Contains(notes, "; exactly 7 in ") || !strings.Contains(notes, "; exactly 80 in ") {
		t.Errorf("said:\n%s", notes)
	}
	draws := drawn(t, m, 20000)
	for column, values := range [][]float64{{0, 7}, {80}, {1.5}} {
		for _, v := range values {
			want := shareOf(rows, column, v)
			if got := shareOf(draws, column, v); !(math.Abs(got-want) < 4*math.Sqrt(want*(1-want)/20000)+0.003) {
				t.Errorf("column %d is %g in %g of the draws, expected %g", column, v, got, want)
			}
		}
	}
	logProb, err := density.LogProb(m, [][]float64{{7, 80, 1.5}, {0, 80, 1.5}, {7, 3, -2}, {1e200, 0, 0}})
	for i, lp := range logProb {
		if err != nil || math.IsNaN(lp) || i < 3 && math.IsInf(lp, 0) {
			t.Errorf("row %d: %g, %v", i, lp, err)
		}
	}
}

// A column that is declared to be continuous has no atoms.
func TestNoAtoms(t *testing.T) {
	rows, _ := rain(3, 300)
	m, notes := plain(t, []string{"rain", "y"}, rows, func(c *FitConfig) { c.Kinds = map[string]columns.Kind{"rain": columns.Continuous} })
	if m.Saved.Atoms != nil || strings.Contains(notes, "exactly") {
		t.Errorf("said:\n%s", notes)
	}
}

// Of so many columns with atoms that no pattern has rows enough, none has any.
func TestTooManyPatterns(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	d := &data{features: make([]string, 5)}
	var found [][]float64
	for range 200 {
		var row []float64
		for k := range 5 {
			v := rng.NormFloat64()
			if rng.Float64() < 0.2+0.1*float64(k) {
				v = 0
			}
			row = append(row, v)
		}
		d.raw.Train, d.raw.Valid = append(d.raw.Train, row), append(d.raw.Valid, row)
	}
	for range 5 {
		found = append(found, []float64{0})
	}
	d.settleAtoms(found)
	if len(d.atoms) != 5 || len(d.atoms[0]) > 0 || len(d.atoms[4]) == 0 {
		t.Errorf("settled for %v", d.atoms)
	}
	d.atoms, d.raw.Train, d.raw.Valid = nil, d.raw.Train[:70], d.raw.Valid[:70]
	for k := range found {
		found[k] = []float64{0}
	}
	if d.settleAtoms(found); d.atoms != nil {
		t.Errorf("settled for %v with 70 rows", d.atoms)
	}
}

func TestFindAtoms(t *testing.T) {
	var values []float64
	for i := range 1000 {
		values = append(values, math.Sqrt(float64(i+2)))
	}
	set := func(first, n int, v float64) {
		for i := range n {
			values[first+i] = v
		}
	}
	set(0, 4, 0)
	set(100, 20, -7)
	set(200, 300, 1000)
	atoms := findAtoms(values, 0)
	if rest := offAtoms(values, atoms); len(atoms) != 2 || atoms[0] != -7 || atoms[1] != 1000 || len(rest) != 680 {
		t.Errorf("found %v, %d values else", atoms, len(rest))
	}
	if said := sayAtoms(values, atoms); said != "; exactly -7 in 2.0 % of the rows; exactly 1000 in 30.0 % of the rows" {
		t.Errorf("said %q", said)
	}
	if atoms := findAtoms(values, 1); atoms != nil {
		t.Errorf("found %v on a grid", atoms)
	}
	if atoms := findAtoms(values[200:520], 0); atoms != nil {
		t.Errorf("found %v with too few others", atoms)
	}
}

// Values of columns that somebody has standardized, or rounded, are no atoms.
func TestFindsNoRoundedValues(t *testing.T) {
	var values []float64
	for i := range 1000 {
		values = append(values, math.Sqrt(float64(i+2)))
	}
	for i := range 300 {
		values[i] = -0.78441482
	}
	if atoms := findAtoms(values, 0); atoms != nil {
		t.Errorf("found %v", atoms)
	}
	for i := range 300 {
		values[i] = 0
	}
	if atoms := findAtoms(values, 0); len(atoms) != 1 || atoms[0] != 0 {
		t.Errorf("found %v, expected 0", atoms)
	}
	for i := range 100 {
		values[300+i] = 4.4321
	}
	if atoms := findAtoms(values, 0); atoms != nil {
		t.Errorf("found %v where another value is shared as well", atoms)
	}
}
