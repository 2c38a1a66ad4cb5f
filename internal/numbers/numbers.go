// Package numbers holds small functions of numbers that several packages need.
package numbers

import (
	"math"
	"slices"
)

// Finite reports whether v is neither NaN nor infinite.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Median returns the middle value, or the mean of the two middle values. It panics if
// there are no values.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
