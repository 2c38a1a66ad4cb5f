package dataset

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// NewWhitener measures what [NewStandardizer] does, and the correlation of the columns
// of rows, [n, D], so that standardized rows have nearly the unit matrix as their
// covariance and a flow need not learn what a Gaussian knows. The errors are those of
// NewStandardizer.
//
// The correlation is shrunk towards the unit matrix, the more the fewer rows there
// are: (1-s)·R + s·I, which is never singular. Source of s: Ledoit and Wolf 2004, "A
// well-conditioned estimator for large-dimensional covariance matrices",
// https://doi.org/10.1016/S0047-259X(03)00096-4, on columns of variance 1.
func NewWhitener(rows [][]float64) (*Standardizer, error) {
	s, err := NewStandardizer(rows)
	if err != nil || len(s.Mean) == 1 {
		return s, err
	}
	d, n := len(s.Mean), float64(len(rows))
	// Of u, the standardized rows: Σ u uᵀ, and Σ |u|⁴, which is Σ of all u_i²·u_j².
	products, fourths := mat.NewSymDense(d, nil), 0.0
	u := mat.NewVecDense(d, nil)
	for _, row := range rows {
		s.Apply(u.RawVector().Data, row)
		products.SymRankOne(products, 1, u)
		norm := mat.Dot(u, u)
		fourths += norm * norm
	}
	shrink := shrinkage(products, fourths, n)
	correlation := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i {
			correlation.SetSym(i, j, (1-shrink)*products.At(i, j)/math.Sqrt(products.At(i, i)*products.At(j, j)))
		}
		correlation.SetSym(i, i, 1)
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(correlation) { // columns that others make up, and too many rows to shrink
		return nil, fmt.Errorf("dataset: the columns cannot be whitened: some of them follow exactly from others (leave one of each such set out)")
	}
	var lower mat.TriDense
	cholesky.LTo(&lower)
	for i := range d {
		s.Factor = append(s.Factor, mat.Row(nil, i, &lower)[:i+1])
	}
	return s, nil
}

// shrinkage is the intensity s of Ledoit and Wolf for Σ u uᵀ and Σ |u|⁴ over n rows
// of mean 0, in [0, 1].
func shrinkage(products *mat.SymDense, fourths, n float64) float64 {
	d := float64(products.SymmetricDim())
	squares := math.Pow(mat.Norm(products, 2), 2) / (n * n) // Frobenius, of the covariance
	trace := mat.Trace(products) / n
	distance := squares - trace*trace/d // |S - m·I|², m the mean variance
	noise := (fourths/n - squares) / n  // of S
	if !(distance > 0) {
		return 1
	}
	return min(1, max(0, noise/distance))
}
