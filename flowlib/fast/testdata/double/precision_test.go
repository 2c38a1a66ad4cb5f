package fast_test

import (
	"fmt"

	single "normflow/flowlib/fast"
	"normflow/flowlib/fast/double"
	"normflow/flowlib/flow"
)

var tolerance = struct{ logProb, nll, gradient, drawsMedian, drawsMost float64 }{
	logProb: 1e-9, nll: 1e-9, gradient: 1e-9, drawsMedian: 1e-9, drawsMost: 1e-9,
}

// describe says the same to the engine in float64, whose types are its own.
func describe(m *flow.Model) (fast.Flow, error) {
	of, err := m.FastFlow()
	if err != nil {
		return fast.Flow{}, err
	}
	f := fast.Flow{Features: of.Features, Context: of.Context}
	for _, layer := range of.Layers {
		switch l := layer.(type) {
		case single.Coupling:
			f.Layers = append(f.Layers, fast.Coupling{Mask: l.Mask, InputBound: l.InputBound, Network: fast.Network(l.Network), Transform: transform(l.Transform)})
		case single.ActNorm:
			f.Layers = append(f.Layers, fast.ActNorm{})
		case single.LU:
			f.Layers = append(f.Layers, fast.LU{})
		case single.Permutation:
			f.Layers = append(f.Layers, fast.Permutation(l))
		default:
			return f, fmt.Errorf("an unknown layer: %T", layer)
		}
	}
	switch b := of.Base.(type) {
	case single.Normal:
		f.Base = fast.Normal{}
	case single.DiagNormal:
		f.Base = fast.DiagNormal{}
	case single.Mixture:
		f.Base = fast.Mixture(b)
	case single.StudentT:
		f.Base = fast.StudentT(b)
	case single.Uniform:
		f.Base = fast.Uniform(b)
	default:
		return f, fmt.Errorf("an unknown base: %T", of.Base)
	}
	return f, nil
}

func transform(of single.Transform) fast.Transform {
	switch t := of.(type) {
	case single.Affine:
		return fast.Affine(t)
	case single.Additive:
		return fast.Additive{}
	case single.Spline:
		return fast.Spline(t)
	}
	panic(fmt.Sprintf("an unknown transform: %T", of))
}
