package fast_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
	"normflow/internal/kernel"
)

// mostTimes bounds how much further from float64 the engine is than the graph, at the
// median, for one event in a hundred and at worst. docs/gradients.md has the numbers.
const mostTimes = 4

// Both the engine and the graph work in float32: what they lose against float64 must be
// of one size.
func TestDistanceToFloat64(t *testing.T) {
	for _, features := range []int{2, 5} {
		c, err := flow.Named("nsf", features)
		if err != nil {
			t.Fatal(err)
		}
		c.Layers, c.Hidden = 4, []int{32, 32}
		double := withWeights(t, c)
		rng := rand.New(rand.NewPCG(4, 11))
		rows := make([][]float64, 4000)
		for i := range rows {
			for range features {
				rows[i] = append(rows[i], float64(float32(1.5*rng.NormFloat64())))
			}
		}
		want, err := double.LogProb(rows)
		if err != nil {
			t.Fatal(err)
		}
		byGraph, err := inSinglePrecision(t, double).LogProb(rows)
		if err != nil {
			t.Fatal(err)
		}
		graph := distances(byGraph, want)
		t.Logf("%d features: the graph is off by %.2g at the median, %.2g for one in a hundred, %.2g at worst", features, graph[0], graph[1], graph[2])
		for _, set := range kernel.All() {
			e := engineOf(t, double)
			e.WithKernels(set)
			got := make([]float64, len(rows))
			e.LogProb(got, flat(rows))
			own := distances(got, want)
			t.Logf("%d features: %s is off by %.2g, %.2g, %.2g", features, set.Name, own[0], own[1], own[2])
			for i, what := range []string{"the median", "one in a hundred", "the worst"} {
				if !(own[i] <= mostTimes*graph[i]) {
					t.Errorf("%d features, %s: %s is off by %.3g from float64, by more than %d times the graph's %.3g", features, set.Name, what, own[i], mostTimes, graph[i])
				}
			}
		}
	}
}

// inSinglePrecision returns a float32 model with the weights of m, which are float32s.
func inSinglePrecision(t *testing.T, m *flow.Model) *flow.Model {
	t.Helper()
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Config()
	if err != nil {
		t.Fatal(err)
	}
	single, err := c.NewModel(b)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	if err := single.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return single
}

// distances are the median, the 99 % quantile and the largest of |got - want|.
func distances(got, want []float64) [3]float64 {
	off := make([]float64, len(want))
	for i := range off {
		off[i] = math.Abs(got[i] - want[i])
	}
	slices.Sort(off)
	return [3]float64{off[len(off)/2], off[len(off)*99/100], off[len(off)-1]}
}
