package solutions

import (
	"math/rand/v2"
	"testing"
)

// pValue is the share of the calibration scores that are as large, the score itself counted among them.
func pValue(calibration []float64, score float64) float64 {
	as := 1
	for _, c := range calibration {
		if c >= score {
			as++
		}
	}
	return float64(as) / float64(len(calibration)+1)
}

// The promise holds for whatever scores a model gives, on average over calibrations.
func TestPromise(t *testing.T) {
	const alpha, trials = 0.1, 20000
	rng := rand.New(rand.NewPCG(1, 2))
	flagged := 0
	for range trials {
		calibration := make([]float64, 19) // with n + 1 = 20 the rate is α itself
		for i := range calibration {
			calibration[i] = rng.ExpFloat64()
		}
		if pValue(calibration, rng.ExpFloat64()) <= alpha {
			flagged++
		}
	}
	if share := float64(flagged) / trials; share < 0.09 || share > 0.11 { // four standard errors
		t.Errorf("flagged %.4f of the normal rows, promised %.2f", share, alpha)
	}
}

func TestSmallestPValue(t *testing.T) {
	if got := pValue(make([]float64, 9), 1); got != 0.1 {
		t.Errorf("the strangest of ten has p = %g, want 0.1", got)
	}
}
