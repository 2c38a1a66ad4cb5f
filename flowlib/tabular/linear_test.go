package tabular

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// inLine are rows of x and y, which are linear in a and b but for correlated noise, with the
// log-density of each.
func inLine(n int, seed uint64) (rows [][]float64, truth []float64) {
	rng := rand.New(rand.NewPCG(seed, 12))
	for range n {
		a, b := rng.NormFloat64(), 100+20*rng.NormFloat64()
		u, v := rng.NormFloat64(), rng.NormFloat64()
		rows = append(rows, []float64{3*a - 0.2*b + 0.5*u, 1000 + 7*a + b + 2*u + 0.1*v, a, b})
		truth = append(truth, -(u*u+v*v)/2-math.Log(2*math.Pi)-math.Log(0.5*0.1))
	}
	return rows, truth
}

// Where the columns are linear in the context, a model given this is nearly as good as the
// regression, of few rows too.
func TestConditionalModelKnowsStraightLines(t *testing.T) {
	rows, _ := inLine(250, 1)
	fresh, truth := inLine(4000, 2)
	m, r, logProb := ofTable(t, []string{"x", "y", "a", "b"}, rows, fresh, func(c *FitConfig) { c.ConditionOn, c.Steps = []string{"a", "b"}, 60 })
	loss := 0.0
	for i, lp := range logProb {
		loss += (truth[i] - lp) / float64(len(truth))
	}
	if loss > 0.06 { // 9 numbers of 250 rows cost 0.02 on average
		t.Errorf("%.3f nats a row off the truth: %+v", loss, r.Compared)
	}
	if r.Compared[0].Name != "linear gaussian" || r.Compared[0].Parameters != 9 || r.Compared[0].Weight < 0.5 {
		t.Errorf("compared %+v", r.Compared)
	}
	path := filepath.Join(t.TempDir(), "m.npz")
	if err := m.Saved.Export(path); err != nil {
		t.Fatal(err)
	}
	again, err := flow.ImportMixture(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := again.Engine(openFast)
	if err != nil {
		t.Fatal(err)
	}
	got, err := density.LogProb(e, fresh[:5])
	if err != nil {
		t.Fatal(err)
	}
	for i, lp := range got {
		if lp != logProb[i] {
			t.Errorf("imported, row %d has log-density %g, and had %g", i, lp, logProb[i])
		}
	}
}

// Columns of context that follow from each other, and more of them than rows can tell apart,
// leave the regression finite and the mean of the rows in it.
func TestRegressionOfStrangeContext(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var x, context [][]float64
	for range 60 {
		row := make([]float64, 50)
		for k := range row {
			row[k] = rng.NormFloat64()
		}
		row[1] = row[0]
		context = append(context, row)
		x = append(x, []float64{5 + 2*row[0] + rng.NormFloat64()})
	}
	r, err := regress(x, context, nil)
	if err != nil {
		t.Fatal(err)
	}
	errors := 0.0
	for range 2000 {
		row := make([]float64, 50)
		for k := range row {
			row[k] = rng.NormFloat64()
		}
		row[1] = row[0]
		off := 5 + 2*row[0] - r.at(row, 0)
		errors += off * off / 2000
	}
	if !(errors < 3) { // the mean alone has 4
		t.Errorf("the mean is off by %g squared", errors)
	}
	weights := make([]float64, 60)
	for i := range 30 {
		weights[i] = 2
	}
	few := newMoments(x[:30], context[:30], nil, func(int) bool { return true })
	same := newMoments(x, context, weights, func(int) bool { return true })
	if math.Abs(same.x[0]-few.x[0]) > 1e-12 || math.Abs(same.outer.At(3, 0)-few.outer.At(3, 0)) > 1e-12 {
		t.Errorf("by weights the mean is %g, of those rows %g", same.x[0], few.x[0])
	}
}
