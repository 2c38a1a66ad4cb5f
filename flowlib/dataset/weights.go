package dataset

import (
	"fmt"
	"math"
)

// CheckWeights returns an error unless weights is nil, or has one finite weight, 0 or
// more, for each row, and a positive sum.
func CheckWeights(weights []float64, rows int) error {
	if weights == nil {
		return nil
	}
	if len(weights) != rows {
		return fmt.Errorf("dataset: %d weights for %d rows", len(weights), rows)
	}
	sum := 0.0
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("dataset: row %d has weight %g, expected a finite number from 0 on", i, w)
		}
		sum += w
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return fmt.Errorf("dataset: the weights sum to %g, expected a positive number", sum)
	}
	return nil
}

// EffectiveRows returns the number of rows of equal weight whose mean is as precise:
// (Σw)²/Σw², or the number of rows if weights is nil.
//
// Source: Kish 1965, "Survey sampling".
func EffectiveRows(weights []float64, rows int) float64 {
	if weights == nil {
		return float64(rows)
	}
	largest, sum, squares := 0.0, 0.0, 0.0
	for _, w := range weights {
		largest = max(largest, w)
	}
	for _, w := range weights {
		sum += w / largest
		squares += w / largest * (w / largest)
	}
	return sum * sum / squares
}

// weightAt returns the weight of row i, 1 if weights is nil.
func weightAt(weights []float64, i int) float64 {
	if weights == nil {
		return 1
	}
	return weights[i]
}
