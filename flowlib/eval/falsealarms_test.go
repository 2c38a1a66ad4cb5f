package eval_test

import (
	"math"
	"math/rand/v2"
	"testing"
)

// rows draws n events, [n, D], of what fill puts into one.
func rows(rng *rand.Rand, n, d int, fill func(x []float64)) [][]float64 {
	x := make([][]float64, n)
	for i := range x {
		x[i] = make([]float64, d)
		fill(x[i])
	}
	return x
}

// unit draws n events of the unit Gaussian.
func unit(rng *rand.Rand, n, d int) [][]float64 {
	return rows(rng, n, d, func(x []float64) {
		for i := range x {
			x[i] = rng.NormFloat64()
		}
	})
}

// checkFalseAlarms runs a test on many samples where there is nothing to find.
// The share of p-values up to α must be α, within four standard deviations of a
// binomial: a right test strays further once in 16,000 checks. Where p-values are
// coarse or conservative, attained is the least share they should reach.
func checkFalseAlarms(t *testing.T, trials int, pValue func(trial int) float64, attained func(alpha float64) float64) {
	t.Helper()
	pValues := make([]float64, trials)
	for i := range pValues {
		pValues[i] = pValue(i)
		if !(pValues[i] >= 0 && pValues[i] <= 1) {
			t.Fatalf("trial %d has a p-value of %g", i, pValues[i])
		}
	}
	for _, alpha := range []float64{0.05, 0.2, 0.5, 0.8} {
		alarms := 0
		for _, p := range pValues {
			if p <= alpha+1e-12 { // (1+b)/40 rounds
				alarms++
			}
		}
		floor := alpha
		if attained != nil {
			floor = attained(alpha)
		}
		deviation := func(share float64) float64 { return 4 * math.Sqrt(share*(1-share)/float64(trials)) }
		low, high := floor-deviation(floor), alpha+deviation(alpha)
		share := float64(alarms) / float64(trials)
		t.Logf("%g: %.3f of %d", alpha, share, trials)
		if !(share >= low && share <= high) {
			t.Errorf("p ≤ %g in a share %.3f of %d samples with nothing to find, want %.3f to %.3f", alpha, share, trials, low, high)
		}
	}
}

// 39 permutations make (1+b)/40, which meets the levels above exactly.
const coarsePermutations = 39
