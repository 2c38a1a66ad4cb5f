package dataset

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func leaning(n int) (rows [][]float64) {
	rng := rand.New(rand.NewPCG(1, 6))
	for range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		rows = append(rows, []float64{1e6 + a, 3*b + a, rng.NormFloat64() - b})
	}
	return rows
}

// Rows that count k times are there k times, but for what the number of rows is worth: n-1
// for n under the variance, where n are the effective rows.
func TestWeightsCountRows(t *testing.T) {
	rows := leaning(900)
	var weights []float64
	var repeated [][]float64
	for i, row := range rows {
		weights = append(weights, float64(i%3))
		repeated = append(repeated, slices.Repeat([][]float64{row}, i%3)...)
	}
	got, by, err := NewWeightedWhitener(rows, weights)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := NewWeightedWhitener(repeated, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, all := EffectiveRows(weights, len(rows)), float64(len(repeated))
	if math.Abs(n-540) > 1e-9 || by > 1e-9 { // 900²/(300·(1+4))
		t.Errorf("%g effective rows, expected 540; shrunk by %g", n, by)
	}
	factor := math.Sqrt((n / (n - 1)) / (all / (all - 1)))
	for d := range got.Mean {
		if a, b := got.Mean[d], want.Mean[d]; math.Abs(a-b) > 1e-12*math.Abs(b) {
			t.Errorf("mean %d is %.17g, of repeated rows %.17g", d, a, b)
		}
		if a, b := got.Std[d], factor*want.Std[d]; math.Abs(a-b) > 1e-9*b {
			t.Errorf("deviation %d is %g, expected %g", d, a, b)
		}
		for k, l := range got.Factor[d] {
			if math.Abs(l-want.Factor[d][k]) > 1e-9 {
				t.Errorf("factor %d, %d is %g, of repeated rows %g", d, k, l, want.Factor[d][k])
			}
		}
	}
}

// The scale of weights does not matter, nor what rows of weight 0 hold; equal ones are none.
func TestWeightsThatSayNothing(t *testing.T) {
	rows := leaning(60) // few enough to shrink
	want, by, err := NewWeightedWhitener(rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, rows [][]float64, weights []float64) {
		t.Helper()
		got, shrunk, err := NewWeightedWhitener(rows, weights)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(shrunk-by) > 1e-12 {
			t.Errorf("%s: shrunk by %g, expected %g", what, shrunk, by)
		}
		for d := range got.Mean {
			if got.Mean[d] != want.Mean[d] || got.Std[d] != want.Std[d] || math.Abs(got.Factor[d][d]-want.Factor[d][d]) > 1e-12 {
				t.Errorf("%s: column %d has %g ± %g, expected %g ± %g", what, d, got.Mean[d], got.Std[d], want.Mean[d], want.Std[d])
			}
		}
	}
	for _, scale := range []float64{1, 0.25, 0x1p-900, 0x1p900} {
		same("equal weights", rows, slices.Repeat([]float64{scale}, len(rows)))
	}
	same("a row of weight 0", append(rows[:60:60], []float64{math.MaxFloat64, -math.MaxFloat64, 1e300}), append(slices.Repeat([]float64{1}, 60), 0))
	for _, bad := range [][]float64{{1}, make([]float64, 60), slices.Repeat([]float64{math.NaN()}, 60), slices.Repeat([]float64{-1}, 60), slices.Repeat([]float64{math.Inf(1)}, 60)} {
		if _, _, err := NewWeightedWhitener(rows, bad); err == nil {
			t.Errorf("no error for the weights %v…", bad[:1])
		}
	}
}
