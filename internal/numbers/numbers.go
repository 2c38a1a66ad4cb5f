// Package numbers holds what several packages ask of plain numbers.
package numbers

import (
	"math"
	"slices"
)

// Finite says whether v is neither NaN nor infinite.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Median returns the value in the middle, or the mean of the two there. It panics on no
// values.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
