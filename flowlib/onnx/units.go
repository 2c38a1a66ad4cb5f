package onnx

import (
	"errors"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/dataset"
)

// units holds the standardizers of a flow. Each may be nil.
type units struct{ features, context *dataset.Standardizer }

// standardize computes s.Apply on v, [N, D].
func (g *graph) standardize(s *dataset.Standardizer, v value) value {
	if s == nil {
		return v
	}
	onlyKnown(*s, "Mean", "Std", "Factor")
	v = g.div(g.sub(v, g.row(s.Mean)), g.row(s.Std))
	if s.Factor == nil {
		return v
	}
	return g.product(v, inverted(factor(s)))
}

// unstandardize computes s.Invert on v, [N, D].
func (g *graph) unstandardize(s *dataset.Standardizer, v value) value {
	if s == nil {
		return v
	}
	if s.Factor != nil {
		v = g.product(v, factor(s))
	}
	return g.add(g.mul(v, g.row(s.Std)), g.row(s.Mean))
}

// factor returns the lower triangle of s as a full matrix.
func factor(s *dataset.Standardizer) *mat.Dense {
	l := mat.NewDense(len(s.Factor), len(s.Factor), nil)
	for i, row := range s.Factor {
		for j, v := range row {
			l.Set(i, j, v)
		}
	}
	return l
}

func identity(d int) *mat.Dense {
	m := mat.NewDense(d, d, nil)
	for i := range d {
		m.Set(i, i, 1)
	}
	return m
}

// inverted returns the inverse of m, which may be badly conditioned but is never
// singular.
func inverted(m *mat.Dense) *mat.Dense {
	var inverse mat.Dense
	var condition mat.Condition
	if err := inverse.Inverse(m); err != nil && !errors.As(err, &condition) {
		panic(err)
	}
	return &inverse
}

// product returns m times each row of v, [N, D].
func (g *graph) product(v value, m *mat.Dense) value {
	d, _ := m.Dims()
	return g.matmul(v, g.floats(float64s, mat.DenseCopyOf(m.T()).RawMatrix().Data, d, d))
}
