package gmm

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/dataset"
)

// leastVariance is added to each variance of each component, relative to the variance of
// all rows: otherwise a component that shrinks onto one row has infinite likelihood.
const leastVariance = 1e-4

// data are whitened rows, in blocks of [D, B], and their weights, [blocks][B], with their
// sum, total.
type data struct {
	blocks  []blas64.General
	weights [][]float64
	total   float64
	dims    int
	// prior is how many rows of an N(0, scale·I) are added to each component.
	prior float64
}

func newData(rows [][]float64, weights []float64, prior float64) *data {
	d := &data{blocks: inBlocks(rows), dims: len(rows[0]), prior: prior}
	for _, b := range d.blocks {
		w := make([]float64, b.Cols)
		for j := range w {
			w[j] = 1
		}
		if weights != nil {
			copy(w, weights)
			weights = weights[len(w):]
		}
		for _, v := range w {
			d.total += v
		}
		d.weights = append(d.weights, w)
	}
	return d
}

// climb takes at most the given number of EM steps from m, until one gains less than gain
// nats per row, and returns the mixture and its mean log-likelihood in nats per row.
//
// Source: Dempster, Laird & Rubin 1977, "Maximum likelihood from incomplete data via the
// EM algorithm"; Bishop 2006, "Pattern recognition and machine learning", 9.2.2.
func (d *data) climb(m *Mixture, steps int, gain float64) (*Mixture, float64) {
	shares, likelihood := d.expect(m)
	for range steps {
		next := d.maximize(shares)
		nextShares, l := d.expect(next)
		if !(l > likelihood) { // the least variance costs more than the step gains
			break
		}
		small := l-likelihood < gain
		m, shares, likelihood = next, nextShares, l
		if small {
			break
		}
	}
	return m, likelihood
}

// expect returns each row's weight times the probability of each component given the row,
// [blocks][K][B], and the mean log-likelihood.
func (d *data) expect(m *Mixture) (shares [][][]float64, likelihood float64) {
	shares = make([][][]float64, len(d.blocks))
	sums := make([]float64, len(d.blocks))
	parallel(len(d.blocks), func(b int) {
		logs, terms := m.logJoint(d.blocks[b]), make([]float64, len(m.Components))
		for j, w := range d.weights[b] {
			row := logSumExp(terms, logs, j)
			if w > 0 {
				sums[b] += w * row
			}
			for k := range logs {
				logs[k][j] = w * math.Exp(logs[k][j]-row)
			}
		}
		shares[b] = logs
	})
	for _, s := range sums { // in order, so that the sum does not depend on the processors
		likelihood += s
	}
	return shares, likelihood / d.total
}

// maximize returns the likeliest mixture for the rows with these shares, without
// components that have no rows left.
func (d *data) maximize(shares [][][]float64) *Mixture {
	all := make([]Component, len(shares[0]))
	parallel(len(all), func(k int) { all[k] = d.component(shares, k, len(all)) })
	m := &Mixture{}
	for _, c := range all {
		if c.Scaler != nil {
			m.Components = append(m.Components, c)
		}
	}
	return m
}

func (d *data) component(shares [][][]float64, k, of int) Component {
	n, mean := 0.0, make([]float64, d.dims)
	for b, block := range d.blocks {
		n += floats.Sum(shares[b][k])
		for i := range mean {
			mean[i] += blas64.Dot(vector(shares[b][k]), vector(block.Data[i*block.Stride:][:block.Cols]))
		}
	}
	if !(n > 1e-6*d.total/float64(of*d.dims)) {
		return Component{}
	}
	for i := range mean {
		mean[i] /= n
	}
	products := blas64.Symmetric{Uplo: blas.Upper, N: d.dims, Stride: d.dims, Data: make([]float64, d.dims*d.dims)}
	for b, block := range d.blocks {
		centred := blas64.General{Rows: block.Rows, Cols: block.Cols, Stride: block.Cols, Data: make([]float64, block.Rows*block.Cols)}
		for i := range mean {
			row := centred.Data[i*centred.Stride:][:centred.Cols]
			for j, v := range block.Data[i*block.Stride:][:block.Cols] {
				row[j] = math.Sqrt(shares[b][k][j]) * (v - mean[i])
			}
		}
		blas64.Syrk(blas.NoTrans, 1, centred, 1, products)
	}
	// As Fraley & Raftery 2007, "Bayesian regularization for normal mixture estimation
	// and model-based clustering", 3.2: each of k components has a k-th of the volume of
	// all rows.
	scale := math.Pow(float64(of), -2/float64(d.dims))
	covariance := mat.NewSymDense(d.dims, nil)
	for i := range d.dims {
		for j := range i + 1 {
			covariance.SetSym(i, j, products.Data[j*d.dims+i]/(n+d.prior))
		}
		covariance.SetSym(i, i, covariance.At(i, i)+d.prior*scale/(n+d.prior)+leastVariance)
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(covariance) {
		return Component{}
	}
	var lower mat.TriDense
	cholesky.LTo(&lower)
	s := &dataset.Standardizer{Mean: mean}
	for i := range d.dims {
		s.Std = append(s.Std, 1)
		s.Factor = append(s.Factor, mat.Row(nil, i, &lower)[:i+1])
	}
	return Component{Weight: n / d.total, Scaler: s}
}

func vector(data []float64) blas64.Vector {
	return blas64.Vector{N: len(data), Inc: 1, Data: data}
}
