package tabular

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
)

// kinds declares one column.
func kinds(name, kind string) map[string]columns.Kind {
	return map[string]columns.Kind{name: columns.Kind(kind)}
}

// incomes are rows of a lognormal column and a normal one, and their log-densities.
func incomes(seed uint64, n int) (rows [][]float64, logProb []float64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	for range n {
		a, b := rng.NormFloat64(), 50+3*rng.NormFloat64()
		income := 2000 * math.Exp(1.2*a)
		rows = append(rows, []float64{income, b})
		logProb = append(logProb, distuv.LogNormal{Mu: math.Log(2000), Sigma: 1.2}.LogProb(income)+distuv.Normal{Mu: 50, Sigma: 3}.LogProb(b))
	}
	return rows, logProb
}

// A column that is positive and skewed is mapped, by a chosen model and by one that was
// named: the density is near the truth in the units of the file, and no draw is negative.
func TestMappedColumns(t *testing.T) {
	rows, _ := incomes(1, 400)
	fresh, truth := incomes(2, 2000)
	for _, name := range []string{"", "gaussian", "realnvp"} {
		m, r, logProb := ofTable(t, []string{"income", "b"}, rows, fresh, func(c *FitConfig) { c.Model = name })
		if m.Saved.Columns[0].Kind != columns.Positive || m.Saved.Columns[1].Kind != columns.Continuous {
			t.Errorf("%q: the maps are %+v", name, m.Saved.Columns)
		}
		if kl := stat.Mean(truth, nil) - stat.Mean(logProb, nil); !(kl < 0.1) {
			t.Errorf("%q: KL %.3f nats, NLLs %+v", name, kl, r.Compared)
		}
		least := math.Inf(1)
		for d, err := range m.engine.DrawChunks(flow.Sampling{Seed: 3, Count: 5000}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range d.X {
				least = min(least, x[0])
			}
		}
		if !(least > 0) {
			t.Errorf("%q: a draw has an income of %g", name, least)
		}
		if r.Test == nil || math.Abs(r.Test.Mean+stat.Mean(truth, nil)) > 0.8 { // in the units of the file
			t.Errorf("%q: NLL %+v of the test rows, the truth has %.3f", name, r.Test, -stat.Mean(truth, nil))
		}
	}
}

// A kind that is declared is taken, and one that cannot be is an error that says why.
func TestDeclaredColumns(t *testing.T) {
	rows, _ := incomes(1, 200)
	_, r, _ := ofTable(t, []string{"income", "b"}, rows, nil, func(c *FitConfig) { c.Model, c.Kinds = "gaussian", kinds("income", "continuous") })
	if !strings.Contains(r.Columns[0].How, "continuous") {
		t.Errorf("the record says %+v", r.Columns)
	}
	for _, tt := range []struct{ column, kind, want string }{
		{"income", "bounded(0,100)", `column "income"`},
		{"b", "positive(60)", `column "b"`},
		{"c", "positive", `there is no feature "c"; there are: income, b`},
	} {
		_, _, _, err := fitTo(t, []string{"income", "b"}, rows, func(c *FitConfig) { c.Kinds = kinds(tt.column, tt.kind) })
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "t.csv") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s:%s: got %v, want an error with %q", tt.column, tt.kind, err, tt.want)
		}
	}
}
