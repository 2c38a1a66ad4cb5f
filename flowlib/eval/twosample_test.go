package eval_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"normflow/flowlib/eval"
)

var pairTests = []struct {
	name string
	p    func(x, y [][]float64, permutations int, seed int64) (float64, error)
}{
	{"sliced Wasserstein", func(x, y [][]float64, permutations int, seed int64) (float64, error) {
		r, err := eval.SlicedWasserstein(x, y, 16, permutations, seed)
		return r.PValue, err
	}},
	{"MMD", func(x, y [][]float64, permutations int, seed int64) (float64, error) {
		r, err := eval.MMD(x, y, 1000, permutations, seed)
		return r.PValue, err
	}},
	{"C2ST", func(x, y [][]float64, _ int, seed int64) (float64, error) {
		r, err := eval.C2ST(x, y, seed)
		return r.PValue, err
	}},
}

// What differs must be found. n is chosen such that a sound test finds it nearly
// always: the shift is 10 standard errors of a mean.
func TestDifferencesAreFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 600
	modes := func(share float64) [][]float64 {
		return rows(rng, n, 2, func(x []float64) {
			x[0], x[1] = 0.5*rng.NormFloat64(), 0.5*rng.NormFloat64()
			if rng.Float64() < share {
				x[0] += 3
			}
		})
	}
	pairs := []struct {
		name string
		x, y [][]float64
	}{
		{"shifted", unit(rng, n, 2), rows(rng, n, 2, func(x []float64) {
			x[0], x[1] = 0.6+rng.NormFloat64(), rng.NormFloat64()
		})},
		{"rescaled", unit(rng, n, 2), rows(rng, n, 2, func(x []float64) {
			x[0], x[1] = 1.7*rng.NormFloat64(), 1.7*rng.NormFloat64()
		})},
		{"a mode dropped", modes(0.25), modes(0)},
		// The marginals agree: only their dependence differs.
		{"correlated", unit(rng, n, 2), rows(rng, n, 2, func(x []float64) {
			x[0] = rng.NormFloat64()
			x[1] = 0.85*x[0] + math.Sqrt(1-0.85*0.85)*rng.NormFloat64()
		})},
	}
	for _, tt := range pairTests {
		for _, pair := range pairs {
			p, err := tt.p(pair.x, pair.y, 199, 5)
			if err != nil || !(p <= 0.01) {
				t.Errorf("%s, %s: p = %g, %v", tt.name, pair.name, p, err)
			}
		}
	}
}

func TestSeedSettlesTheResult(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	x, y := unit(rng, 60, 2), unit(rng, 70, 2)
	for i := range 15 { // equal distances, and coordinates that coincide
		x[30+i], y[i] = x[i], x[2*i]
	}
	for _, tt := range pairTests {
		var ps [3]float64
		for i, seed := range []int64{1, 1, 2} {
			var err error
			if ps[i], err = tt.p(x, y, 199, seed); err != nil {
				t.Fatal(err)
			}
		}
		if ps[0] != ps[1] || ps[0] == ps[2] {
			t.Errorf("%s: p-values %g and %g for one seed, %g for another", tt.name, ps[0], ps[1], ps[2])
		}
	}
}

func TestPairsAreChecked(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	good := unit(rng, 20, 2)
	spoil := func(row []float64) [][]float64 {
		bad := append([][]float64{}, unit(rng, 20, 2)...)
		bad[7] = row
		return bad
	}
	tests := []struct {
		x, y [][]float64
		want string
	}{
		{good, spoil([]float64{0, math.NaN()}), "second sample: dataset: row 7"},
		{spoil([]float64{math.Inf(1), 0}), good, "first sample: dataset: row 7"},
		{good, spoil([]float64{0}), "row 7 has 1 features, expected 2"},
		{good, unit(rng, 20, 3), "second sample: dataset: row 0 has 3 features"},
		{good[:1], good, "first sample needs at least"},
		{good, nil, "second sample needs at least"},
		{[][]float64{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}, good, "no features"},
	}
	for _, tt := range pairTests {
		for _, c := range tests {
			if p, err := tt.p(c.x, c.y, 9, 1); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: p = %g, error %v, want %q", tt.name, p, err, c.want)
			}
		}
	}
}
