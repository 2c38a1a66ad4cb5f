package tabular

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// holes are rows of three correlated columns, of which a and b miss values at random: a 20 %
// and b 10 %, as NaN, with the log-density of what is there.
func holes(n int, seed uint64) (rows [][]float64, truth []float64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	normal := func(v, std float64) float64 { z := v / std; return -z*z/2 - math.Log(std) - math.Log(2*math.Pi)/2 }
	for range n {
		a := rng.NormFloat64()
		b := a + 0.5*rng.NormFloat64()
		c := rng.NormFloat64() * 3
		lp := normal(c, 3)
		row := []float64{a, b, c}
		missA, missB := rng.Float64() < 0.2, rng.Float64() < 0.1
		switch {
		case missA && missB:
			lp += math.Log(0.2 * 0.1)
			row[0], row[1] = math.NaN(), math.NaN()
		case missA:
			lp += math.Log(0.2*0.9) + normal(b, math.Sqrt(1.25))
			row[0] = math.NaN()
		case missB:
			lp += math.Log(0.8*0.1) + normal(a, 1)
			row[1] = math.NaN()
		default:
			lp += math.Log(0.8*0.9) + normal(a, 1) + normal(b-a, 0.5)
		}
		rows, truth = append(rows, row), append(truth, lp)
	}
	return rows, truth
}

func keepMissing(c *FitConfig) { c.Read.Missing, c.Steps = table.MissingKeep, 60 }

// A model of missing values is close to a known truth; it scores and draws rows that miss
// some, in their share, as empty cells.
func TestMissingValuesArePartOfTheDensity(t *testing.T) {
	rows, _ := holes(1500, 1)
	fresh, truth := holes(4000, 2)
	marked := make([][]float64, len(fresh))
	for i, row := range fresh {
		marked[i] = append([]float64{}, row...)
	}
	markMissing(marked)
	columns := []string{"a", "b", "c"}
	m, r, logProb := ofTable(t, columns, rows, marked, keepMissing)
	kl := 0.0
	for i, lp := range logProb {
		kl += (truth[i] - lp) / float64(len(truth))
	}
	if kl > 0.08 {
		t.Errorf("KL %.3f", kl)
	}
	if missing := m.Saved.Atoms.Rest.Shares[0][1]; missing > 0.3 { // the rare rows, which miss both, have a marginal
		t.Errorf("of other rows %.2f are to miss a", missing)
	}
	if r.Source.Missing == 0 || r.Source.Dropped != 0 || len(r.Features) != 3 {
		t.Errorf("source %+v, features %q", r.Source, r.Features)
	}

	out := filepath.Join(t.TempDir(), "scores.csv")
	file := write(t, "fresh.csv", columns, fresh)
	seen, err := m.Score(context.Background(), file, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if seen.Rows != 4000 || seen.Dropped != 0 || seen.Missing == 0 || seen.Zero != 0 {
		t.Errorf("scored %+v", seen)
	}
	for i, row := range readAll(t, out).Rows {
		if !near(row[0], logProb[i]) {
			t.Fatalf("row %d has the score %g, and the log-density %g", i, row[0], logProb[i])
		}
	}

	draws := filepath.Join(t.TempDir(), "draws.csv")
	const n = 4000
	if _, err := m.Sample(context.Background(), draws, SampleConfig{Count: n, Temperature: 1, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(draws)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "NaN") || strings.Contains(string(text), "e+308") {
		t.Error("draws are written with marks for missing values")
	}
	drawn, err := table.ReadAll(draws, table.Options{Missing: table.MissingKeep})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{0.2, 0.1, 0} {
		share := 0.0
		for _, row := range drawn.Rows {
			if math.IsNaN(row[k]) {
				share += 1. / n
			}
		}
		// The share among 1,350 rows of the fit strays too.
		if se := math.Sqrt(want * (1 - want) * (1./n + 1./1350)); math.Abs(share-want) > 3*se+1e-3 {
			t.Errorf("column %s is missing in %.3f of the draws, expected %.3f ± %.3f", columns[k], share, want, se)
		}
	}
	e, err := m.Evaluate(context.Background(), file, Options{}, 1)
	if err != nil || e.NLL == nil || e.Undiagnosed == "" {
		t.Errorf("eval: %+v, %v", e, err)
	}
	a, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: 0.01})
	if err != nil || a.Flagged > 100 {
		t.Errorf("anomalies: %+v, %v", a, err)
	}
}

// The density of all patterns together is 1: values that are there are integrated over.
func TestMissingValuesSumToOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 3))
	var rows [][]float64
	for range 600 {
		v := rng.ExpFloat64()
		if rng.Float64() < 0.3 {
			v = math.NaN()
		}
		rows = append(rows, []float64{v})
	}
	m, _, at := ofTable(t, []string{"x"}, rows, [][]float64{{flow.Missing}}, keepMissing)
	var grid [][]float64
	const h = 0.002
	for s := -15 + h/2; s < 5; s += h {
		grid = append(grid, []float64{math.Exp(s)})
	}
	logProb, err := density.LogProb(m, grid)
	if err != nil {
		t.Fatal(err)
	}
	total := math.Exp(at[0])
	for i, lp := range logProb {
		total += math.Exp(lp) * grid[i][0] * h
	}
	if math.Abs(total-1) > 2e-3 || math.Abs(math.Exp(at[0])-0.3) > 0.05 {
		t.Errorf("the density sums to %.4f, %.3f of it missing", total, math.Exp(at[0]))
	}
}

// Rows that miss what few others do have a marginal of the complete rows' density.
func TestMarginalsOfRarePatterns(t *testing.T) {
	full := &dataset.Standardizer{Factor: [][]float64{{1}, {0.6, 0.8}, {0.3, 0.5, 0.4}}, Mean: []float64{1, 2, 3}, Std: []float64{2, 1, 0.5}}
	got := marginal(full, []int{0, 2})
	cov := func(i, j int) (sum float64) {
		for k := range min(i, j) + 1 {
			sum += full.Std[i] * full.Factor[i][k] * full.Std[j] * full.Factor[j][k]
		}
		return sum
	}
	if math.Abs(got.Std[0]*got.Std[0]-cov(0, 0)) > 1e-12 || math.Abs(got.Std[1]*got.Std[1]-cov(2, 2)) > 1e-12 || math.Abs(got.Std[0]*got.Std[1]*got.Factor[1][0]-cov(0, 2)) > 1e-12 || got.Mean[1] != 3 {
		t.Errorf("the marginal is %+v", got)
	}

	rng := rand.New(rand.NewPCG(8, 3))
	table := func(n int) (rows [][]float64) {
		for range n {
			z := rng.NormFloat64()
			row := make([]float64, 6)
			for k := range row {
				if row[k] = z + 0.2*rng.NormFloat64(); rng.Float64() < 0.06 {
					row[k] = math.NaN()
				}
			}
			rows = append(rows, row)
		}
		return rows
	}
	columns := []string{"a", "b", "c", "d", "e", "f"}
	fresh := table(300)
	markMissing(fresh)
	m, _, logProb := ofTable(t, columns, table(500), fresh, keepMissing)
	// What is there is as one would expect of it in rows of two missing values, too.
	worst := math.Inf(1)
	for i, row := range fresh {
		if missing := 6 - len(present(row)); missing == 2 {
			worst = min(worst, logProb[i])
		}
	}
	if worst < -25 || m.Saved.Atoms == nil { // of independent columns, those far out have less
		t.Errorf("a row with two missing values has the log-density %g", worst)
	}
}

func TestMissingValuesNeedAModelOfThem(t *testing.T) {
	rows, _ := holes(300, 1)
	for want, change := range map[string]func(c *FitConfig){
		"a model of missing values is chosen by the program": func(c *FitConfig) { keepMissing(c); c.Model = "nsf" },
		"has no columns of context":                          func(c *FitConfig) { keepMissing(c); c.Model, c.Layers, c.ConditionOn = "", 0, []string{"c"} },
	} {
		if _, _, _, err := fitTo(t, []string{"a", "b", "c"}, rows, change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected %q", err, want)
		}
	}
	dir, _ := fitted(t, small())
	_, err := open(t, dir, "auto").Score(context.Background(), write(t, "t.csv", []string{"a", "b"}, moons(1, 10)), filepath.Join(t.TempDir(), "o.csv"), Options{Read: table.Options{Missing: table.MissingKeep}})
	if err == nil || !strings.Contains(err.Error(), "the model knows no missing values") {
		t.Errorf("got %v", err)
	}
}

// Beside categories an empty text is a level like any other, and an empty number a missing
// value, in the fit as in draws.
func TestMissingValuesBesideCategories(t *testing.T) {
	rows, _ := drawTrees(1, 400)
	for i := range rows {
		rows[i] = rows[i][1:3]
		if i%5 == 0 {
			rows[i][0] = ""
		}
		if i%7 == 0 {
			rows[i][1] = ""
		}
	}
	file := writeTexts(t, "t.csv", "species,height", rows)
	m, _ := fitTexts(t, file, keepMissing)
	if m.Record.Source.Missing != 58 || m.levelsOf(0)[0] != "" || !m.Saved.Atoms.Missing() {
		t.Errorf("source %+v, levels %q", m.Record.Source, m.levelsOf(0))
	}
	draws := filepath.Join(t.TempDir(), "draws.csv")
	const n = 2000
	if _, err := m.Sample(context.Background(), draws, SampleConfig{Count: n, Temperature: 1, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(draws)
	if err != nil {
		t.Fatal(err)
	}
	if share := float64(strings.Count(string(text), ",\n")) / n; math.Abs(share-1./7) > 0.06 || strings.Contains(string(text), "NaN") {
		t.Errorf("%.3f of the heights drawn are missing, expected 0.143", share)
	}
	if seen, err := m.Score(context.Background(), draws, filepath.Join(t.TempDir(), "o.csv"), Options{}); err != nil || seen.Rows != n || seen.Zero > 0 || len(seen.Warnings) > 0 {
		t.Errorf("scoring draws: %+v, %v", seen, err)
	}
	c := DefaultFit()
	c.Read.Missing = table.MissingDrop
	if d, _, err := read([]string{file}, c, func(table.Note) {}); err != nil || d.source.Rows != 342 || d.levels["species"][0] != "" {
		t.Errorf("without the rows: %+v, %v", d, err)
	}
}
