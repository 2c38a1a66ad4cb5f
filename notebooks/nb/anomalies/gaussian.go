package anomalies

import (
	"fmt"
	"math"
	"slices"

	"github.com/janpfeifer/must"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/dataset"
)

// Gaussian is a normal distribution fitted to the rows of a table, [n, D]: the simplest
// alternative to a flow. Its log-density falls with the Mahalanobis distance,
//
//	log p(x) = -½ (x-μ)ᵀ Σ⁻¹ (x-μ) - ½ log det(2πΣ)
//
// with the mean μ and the covariance Σ of the rows.
type Gaussian struct {
	mean *mat.VecDense
	chol mat.Cholesky // of Σ
}

// NewGaussian fits a Gaussian to rows. Without correlations Σ is diagonal: each column is
// considered by itself. It panics unless Σ is positive definite, which needs more rows
// than columns and no column that is a function of others.
func NewGaussian(rows [][]float64, correlations bool) *Gaussian {
	d := len(rows[0])
	must.M(dataset.CheckRows(rows, d))
	x := mat.NewDense(len(rows), d, slices.Concat(rows...))
	var cov mat.SymDense
	stat.CovarianceMatrix(&cov, x, nil)
	g := &Gaussian{mean: mat.NewVecDense(d, nil)}
	for i := range d {
		g.mean.SetVec(i, stat.Mean(mat.Col(nil, i, x), nil))
		for j := 0; j < i && !correlations; j++ {
			cov.SetSym(i, j, 0)
		}
	}
	if !g.chol.Factorize(&cov) {
		panic(fmt.Sprintf("nb: the covariance of %d rows of %d columns is singular: a column follows from others, or the rows are too few", len(rows), d))
	}
	return g
}

// LogProb returns the log-density of each row, in nats.
func (g *Gaussian) LogProb(rows [][]float64) (logProb []float64) {
	norm := 0.5 * (float64(g.mean.Len())*math.Log(2*math.Pi) + g.chol.LogDet())
	for _, row := range rows {
		distance := stat.Mahalanobis(mat.NewVecDense(len(row), row), g.mean, &g.chol)
		logProb = append(logProb, -0.5*distance*distance-norm)
	}
	return logProb
}

// Scores returns its log-densities of the parts of a table that it was not fitted to.
func (g *Gaussian) Scores(p Parts) Scores {
	return Scores{g.LogProb(p.Calibration), g.LogProb(p.Normal), g.LogProb(p.Anomalies)}
}
