package eval

import (
	"cmp"
	"slices"
)

// Holm returns p-values adjusted for testing several hypotheses at once, whatever the
// dependence between the tests: the probability that the adjusted p-value of any true
// hypothesis is below α is at most α. The smallest equals Bonferroni's.
//
// Source: Holm 1979, https://www.jstor.org/stable/4615733.
func Holm(pValues []float64) []float64 {
	order := make([]int, len(pValues))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(pValues[a], pValues[b]) })
	adjusted := make([]float64, len(pValues))
	largest := 0.0
	for rank, i := range order {
		largest = max(largest, min(1, float64(len(pValues)-rank)*pValues[i]))
		adjusted[i] = largest
	}
	return adjusted
}
