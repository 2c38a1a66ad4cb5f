package tabular

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// underNormals returns the log-densities of values under normals.
func underNormals(values []float64, normals ...distuv.Normal) (logProb [][]float64) {
	for _, n := range normals {
		var of []float64
		for _, v := range values {
			of = append(of, n.LogProb(v))
		}
		logProb = append(logProb, of)
	}
	return logProb
}

// The weights that rows were drawn by are found, and what has no part in them is left out.
func TestStackWeightsAreThoseOfTheRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	a, b, other := distuv.Normal{Mu: -2, Sigma: 1}, distuv.Normal{Mu: 3, Sigma: 0.5}, distuv.Normal{Mu: 20, Sigma: 1}
	const n = 4000
	var values []float64
	for range n {
		from := a
		if rng.Float64() < 0.3 {
			from = b
		}
		values = append(values, from.Mu+from.Sigma*rng.NormFloat64())
	}
	got := stackWeights(underNormals(values, a, other, b), nil)
	if math.Abs(got[0]-0.7) > 4*math.Sqrt(0.21/n) || got[1] != 0 || math.Abs(got[0]+got[2]-1) > 1e-9 {
		t.Errorf("got %v, expected 0.7, 0, 0.3", got)
	}
}

// Of densities that are the same, or as good as, the first is taken.
func TestStackWeightsPreferTheSimplest(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var values []float64
	for range 500 {
		values = append(values, rng.NormFloat64())
	}
	truth := distuv.Normal{Mu: 0, Sigma: 1}
	for name, others := range map[string][]distuv.Normal{
		"one":             nil,
		"equals":          {truth, truth},
		"as good as":      {{Mu: 0.01, Sigma: 1.005}, {Mu: -0.01, Sigma: 1}},
		"hardly better":   {{Mu: stat.Mean(values, nil), Sigma: stat.StdDev(values, nil)}},
		"worse by itself": {{Mu: 0, Sigma: 3}},
	} {
		got := stackWeights(underNormals(values, append([]distuv.Normal{truth}, others...)...), nil)
		if got[0] != 1 || slices.ContainsFunc(got[1:], func(w float64) bool { return w != 0 }) {
			t.Errorf("%s: got %v, expected the first alone", name, got)
		}
	}
}

// The mixture is never worse than the best density by itself, but for what each one that
// was left out was allowed to be worth.
func TestStackWeightsLoseToNone(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for try := range 100 {
		k, n := 1+rng.IntN(5), 5+rng.IntN(300)
		logProb := make([][]float64, k)
		for i := range logProb {
			worse := rng.Float64()
			for range n {
				logProb[i] = append(logProb[i], 3*rng.NormFloat64()-worse)
			}
		}
		all := slices.Repeat([]float64{1}, k)
		climb(logProb, nil, all)
		weights := stackWeights(logProb, nil)
		sum := 0.0
		for _, w := range weights {
			if !(w >= 0) {
				t.Fatalf("try %d: weights %v", try, weights)
			}
			sum += w
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("try %d: the weights %v sum to %g", try, weights, sum)
		}
		for i := range logProb {
			if loss, _ := gainOf(logProb[i], mix(logProb, all), nil); loss > 1e-4 {
				t.Errorf("try %d: the likeliest mixture is %g nats worse than density %d", try, loss, i)
			}
			loss, se := gainOf(logProb[i], mix(logProb, weights), nil)
			if most := float64(k-1) * max(se/2, leastGain); loss > most+1e-4 {
				t.Errorf("try %d: the mixture is %g nats worse than density %d, allowed are %g", try, loss, i, most)
			}
		}
	}
}

// Rows of density 0 under some are for the others to explain; those under all, and rows
// that were not judged, say nothing.
func TestStackWeightsOfDensitiesThatAreZero(t *testing.T) {
	none, nan := math.Inf(-1), math.NaN()
	many := func(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }
	for _, tt := range []struct {
		name    string
		logProb [][]float64
		want    []float64
	}{
		{"one row under the second alone", [][]float64{append(many(0, 99), none), append(many(-1, 99), -9)}, []float64{0.9842, 0.0158}},
		{"one row under none", [][]float64{append(many(0, 99), none), append(many(-1, 99), none)}, []float64{1, 0}},
		{"all rows under none", [][]float64{many(none, 9), many(none, 9)}, nil},
		{"the second nowhere", [][]float64{many(0, 9), many(none, 9)}, []float64{1, 0}},
		{"the first nowhere", [][]float64{many(none, 9), many(0, 9)}, []float64{0, 1}},
	} {
		got := stackWeights(tt.logProb, nil)
		sum := 0.0
		for k, w := range got {
			sum += w
			if tt.want != nil && math.Abs(w-tt.want[k]) > 1e-4 {
				t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
			}
		}
		if !(math.Abs(sum-1) < 1e-9) {
			t.Errorf("%s: %v do not sum to 1", tt.name, got)
		}
		for i, lp := range mix(tt.logProb, got) {
			if math.IsNaN(lp) || math.IsInf(lp, -1) && slices.ContainsFunc(tt.logProb, func(of []float64) bool { return !math.IsInf(of[i], -1) }) {
				t.Errorf("%s: row %d has log-density %g under %v", tt.name, i, lp, got)
			}
		}
	}
	if mean, se := gainOf([]float64{0, 1, nan, 2}, []float64{-1, nan, 0, 0}, nil); mean != 1.5 || math.Abs(se-0.5) > 1e-12 {
		t.Errorf("gain %g ± %g of rows that both have, expected 1.5 ± 0.5", mean, se)
	}
	if mean, _ := gainOf([]float64{0, 1}, []float64{0, none}, nil); !math.IsInf(mean, 1) {
		t.Errorf("gain %g where the other has density 0", mean)
	}
}
