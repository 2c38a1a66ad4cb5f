package tabular

import (
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/gomlx/ml/layers/activation"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

const (
	// farContext is how far out the mean is linear in a context, in standard deviations.
	farContext = 1e6
	// With enoughRows for each column of context the ridge is leastRidge, which matters only
	// for columns of context that follow from others.
	enoughRows, leastRidge = 100, 1e-8
)

// linear fits a Gaussian given the context: its mean is linear in the context, by least
// squares, and its covariance is that of the residuals; both are shrunk.
func (j *job) linear(rows [][]float64, weights []float64) ([]flow.Member, error) {
	d, c := len(j.data.features), len(j.data.context)
	x, given := columnsOf(rows, d)
	standardized := make([][]float64, len(given))
	for i, row := range given {
		standardized[i] = make([]float64, c)
		j.flow.ContextScaler.Apply(standardized[i], row)
	}
	fitted, err := regress(x, standardized, weights)
	if err != nil {
		return nil, err
	}
	left := make([][]float64, len(x))
	for i, row := range x {
		left[i] = make([]float64, d)
		for k, v := range row {
			left[i][k] = v - fitted.at(standardized[i], k)
		}
	}
	scaler, _, err := dataset.NewWeightedWhitener(left, weights)
	if err != nil {
		return nil, fmt.Errorf("what a straight line leaves of the columns: %w", err)
	}
	for k := range d {
		scaler.Mean[k] += fitted.intercept[k]
	}
	coupling := bijector.NewCoupling(make(bijector.Mask, d), bijector.MLP(activation.TypeRelu), bijector.Additive{}).InputBound(farContext)
	m, err := flow.NewModel(j.backend, flow.New(base.Normal{Features: d}, bijector.Chain{coupling}), flow.Settings{
		Features: d, Context: c, Seed: j.Seed, Scaler: scaler, ContextScaler: j.flow.ContextScaler,
	})
	if err != nil {
		return nil, err
	}
	saved, err := m.Saved(nil)
	if err != nil {
		return nil, err
	}
	for _, w := range saved.Weights {
		if !strings.HasSuffix(w.Path, "weights") { // [C, D]
			continue
		}
		for k := range c {
			slope := make([]float64, d) // of the standardized features
			for i := range d {
				slope[i] = scaler.Mean[i] + fitted.slopes.At(k, i)
			}
			scaler.Apply(slope, slope)
			for i, v := range slope {
				w.Values[k*d+i] = float64(float32(v))
			}
		}
	}
	return []flow.Member{{Weight: 1, Saved: saved}}, nil
}

// regression is the mean of x as a linear function of a context.
type regression struct {
	intercept []float64  // [D]
	slopes    *mat.Dense // [C, D]
}

func (r regression) at(context []float64, k int) float64 {
	v := r.intercept[k]
	for i, c := range context {
		v += c * r.slopes.At(i, k)
	}
	return v
}

// regress fits x, [n, D], by a ridge regression on standardized context, [n, C], with weights
// of the rows (nil: all 1). For few rows it chooses the ridge by five-fold cross-validation,
// with errors relative to the variance of each feature.
func regress(x, context [][]float64, weights []float64) (regression, error) {
	rows := newMoments(x, context, weights, func(int) bool { return true })
	ridge := leastRidge
	if n := len(x); n < enoughRows*len(context[0]) && n >= 2*numFolds {
		least := math.Inf(1)
		for _, r := range []float64{leastRidge, 1e-3, 1e-2, 0.1, 0.3, 1} {
			sum := 0.0
			for fold := range numFolds {
				part := newMoments(x, context, weights, func(i int) bool { return i%numFolds != fold })
				fitted, err := part.solve(r)
				if err != nil {
					sum = math.Inf(1)
					break
				}
				for i := fold; i < n; i += numFolds {
					for k, v := range x[i] {
						off := v - fitted.at(context[i], k)
						sum += weightOf(weights, i) * off * off / rows.spread[k]
					}
				}
			}
			if sum < least {
				ridge, least = r, sum
			}
		}
	}
	return rows.solve(ridge)
}

// moments holds weighted means, and covariances of contexts with each other and with x.
type moments struct {
	x, context []float64     // means
	inner      *mat.SymDense // [C, C]
	outer      *mat.Dense    // [C, D]
	spread     []float64     // variances of x
}

func newMoments(x, context [][]float64, weights []float64, in func(i int) bool) moments {
	d, c := len(x[0]), len(context[0])
	m := moments{make([]float64, d), make([]float64, c), mat.NewSymDense(c, nil), mat.NewDense(c, d, nil), make([]float64, d)}
	total := 0.0
	for i := range x {
		if in(i) {
			total += weightOf(weights, i)
		}
	}
	each := func(do func(i int, w float64)) {
		for i := range x {
			if in(i) {
				do(i, weightOf(weights, i)/total)
			}
		}
	}
	each(func(i int, w float64) {
		for k, v := range x[i] {
			m.x[k] += w * v
		}
		for k, v := range context[i] {
			m.context[k] += w * v
		}
	})
	each(func(i int, w float64) {
		for a, v := range context[i] {
			v -= m.context[a]
			for b := range a + 1 {
				m.inner.SetSym(a, b, m.inner.At(a, b)+w*v*(context[i][b]-m.context[b]))
			}
			for k, u := range x[i] {
				m.outer.Set(a, k, m.outer.At(a, k)+w*v*(u-m.x[k]))
			}
		}
		for k, u := range x[i] {
			m.spread[k] += w * (u - m.x[k]) * (u - m.x[k])
		}
	})
	return m
}

// solve returns the regression with a ridge, which is relative to contexts of variance 1.
func (m moments) solve(ridge float64) (r regression, err error) {
	c := m.inner.SymmetricDim()
	with := mat.NewSymDense(c, nil)
	with.CopySym(m.inner)
	for i := range c {
		with.SetSym(i, i, with.At(i, i)+ridge)
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(with) {
		return r, fmt.Errorf("the columns of context follow from each other")
	}
	r.slopes = &mat.Dense{}
	if err := cholesky.SolveTo(r.slopes, m.outer); err != nil {
		return r, err
	}
	for k, mean := range m.x {
		for i, v := range m.context {
			mean -= v * r.slopes.At(i, k)
		}
		r.intercept = append(r.intercept, mean)
	}
	return r, nil
}
