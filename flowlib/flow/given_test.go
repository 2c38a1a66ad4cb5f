package flow_test

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
)

// atomicCategorical has a category beside a positive number, of which 0 is an atom.
func atomicCategorical(t *testing.T, changes ...func(*flow.Atoms)) *flow.Mixture {
	t.Helper()
	m, err := atomicCategoricalOf(t, changes...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func atomicCategoricalOf(t *testing.T, changes ...func(*flow.Atoms)) (*flow.Mixture, error) {
	t.Helper()
	density := func(shares ...float64) *categories.Density {
		return &categories.Density{Prior: 3, Unseen: 0.5, Columns: []categories.Column{{Levels: []string{"green", "red"}, Parent: -1, Shares: [][]float64{shares}}}}
	}
	off := density(0.5, 0.4, 0.1)
	off.Columns[0].Shift, off.Columns[0].LogScale = [][]float64{{1}, {-0.5}, {0}}, [][]float64{{0.3}, {0}, {-0.2}}
	off.Common = []categories.Combination{{Codes: []int{1}, Rows: 4}}
	c := flow.RealNVP(1)
	c.Context, c.Layers, c.Hidden = 2, 2, []int{4}
	flows := savedOf(t, c)
	for _, w := range flows.Weights {
		for i := range w.Values {
			w.Values[i] = 0.4 * math.Sin(float64(1+7*i))
		}
	}
	a := flow.Atoms{
		Values: [][]float64{nil, {0}},
		Points: []flow.Point{{Weight: 2, At: []int{0, 1}}},
		Given:  []flow.Given{{At: []int{0, 0}, Categories: off}, {At: []int{0, 1}, Categories: density(0.1, 0.8, 0.1)}},
		Rest:   flow.Rest{Weight: 0.5, Mean: []float64{0, 1}, Std: []float64{1, 1}, Shares: [][]float64{{1}, {0.6, 0.4}}},
	}
	for _, change := range changes {
		change(&a)
	}
	return flow.NewAtomic(columns.Map{{}, {Kind: columns.Positive, Softness: 1}}, a, density(0.3, 0.3, 0.4), []flow.Member{
		{Weight: 3, Saved: flows, At: []int{0, 0}}, {Weight: 1, Saved: gaussianAt(t, 0.8, 0.5), At: []int{0, 0}},
	})
}

// The categories of each pattern are there, and have the levels of all.
func TestCategoriesOfPatternsAreChecked(t *testing.T) {
	for want, change := range map[string]func(*flow.Atoms){
		"the point [0 1] has no categories":               func(a *flow.Atoms) { a.Given = a.Given[:1] },
		"the pattern of member 0 has no categories":       func(a *flow.Atoms) { a.Given = a.Given[1:] },
		"expected one density":                            func(a *flow.Atoms) { a.Given[1].At = []int{0, 0} },
		"has other levels":                                func(a *flow.Atoms) { a.Given[1].Categories.Columns[0].Levels = []string{"red", "green"} },
		"the pattern [0 0]: column 0 of categories: effe": func(a *flow.Atoms) { a.Given[0].Categories.Columns[0].Shift = [][]float64{{1}} },
		"holds categories, and has atoms":                 func(a *flow.Atoms) { a.Values[0] = []float64{1}; a.Rest.Shares[0] = []float64{0.5, 0.5} },
		"a pattern of 1 features":                         func(a *flow.Atoms) { a.Given[0].At = []int{0} },
	} {
		if _, err := atomicCategoricalOf(t, change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected %q", err, want)
		}
	}
}

func TestMarginalOfPatterns(t *testing.T) {
	m := atomicCategorical(t)
	got := m.Marginal(0)
	e, err := m.Engine(fastEngine)
	if err != nil {
		t.Fatal(err)
	}
	const n = 40000
	share := make([]float64, 3)
	for d, err := range e.DrawChunks(flow.Sampling{Seed: 1, Count: n, Temperature: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range d.X {
			share[int(x[0])] += 1. / n
		}
	}
	for k, p := range got {
		if math.Abs(share[k]-p) > 5*math.Sqrt(p*(1-p)/n) {
			t.Errorf("level %d has the probability %.4f, and %.4f of the draws", k, p, share[k])
		}
	}
}
