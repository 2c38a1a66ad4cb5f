package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// ESS is an effective sample size.
type ESS struct {
	Size  float64 `json:"size"`  // number of draws of the target that the weighted draws are worth
	Share float64 `json:"share"` // of the draws made: 1 for a perfect flow
}

// EffectiveSampleSize returns how many draws of p a set of draws of q is worth, given
// their log-weights log p(x) - log q(x), which may share an unknown constant:
//
//	ESS = (Σ w)² / Σ w²
//
// With many draws the share tends to 1/(1 + χ²(p‖q)). A flow that misses a part of p
// draws nothing there and cannot notice, so its share is too large.
//
// A log-weight of -Inf is a weight of zero; if all weights are zero, so is the size. It
// returns an error for NaN and +Inf, naming the row, and if there are no weights.
//
// Source: Kong 1992, as told by Elvira et al. 2022, https://arxiv.org/abs/1809.04129,
// who discuss the limits of the formula.
func EffectiveSampleSize(logWeights []float64) (ESS, error) {
	if len(logWeights) == 0 {
		return ESS{}, fmt.Errorf("eval: the effective sample size needs a weight, found none")
	}
	for i, w := range logWeights {
		if math.IsNaN(w) || math.IsInf(w, 1) {
			return ESS{}, fmt.Errorf("eval: the log-weight of row %d is %g", i, w)
		}
	}
	largest := floats.Max(logWeights)
	if math.IsInf(largest, -1) {
		return ESS{}, nil
	}
	sum, squares := 0.0, 0.0
	for _, w := range logWeights {
		scaled := math.Exp(w - largest) // the largest is 1, so nothing overflows
		sum += scaled
		squares += scaled * scaled
	}
	size := sum * sum / squares
	return ESS{size, size / float64(len(logWeights))}, nil
}
