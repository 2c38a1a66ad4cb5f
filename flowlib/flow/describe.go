package flow

import (
	"fmt"
	"slices"

	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/fast"
)

// Fast describes the flow of c to package fast, which covers the whole zoo.
func (c Config) Fast() (fast.Flow, error) {
	if err := c.check(); err != nil {
		return fast.Flow{}, fmt.Errorf("flow: %w", err)
	}
	f := fast.Flow{Features: c.Features, Context: c.Context, Base: c.fastBase()}
	for i := range c.Layers {
		f.Layers = append(f.Layers, fast.Coupling{
			Mask:       c.mask(i),
			InputBound: c.InputBound,
			Network:    fast.Network{Hidden: slices.Clone(c.Hidden), Residual: c.Residual, Activation: c.Activation},
			Transform:  c.fastTransform(),
		})
		if c.LU {
			f.Layers = append(f.Layers, fast.LU{})
		}
		if c.ActNorm {
			f.Layers = append(f.Layers, fast.ActNorm{})
		}
	}
	return f, nil
}

func (c Config) fastTransform() fast.Transform {
	or := func(v, usual float64) float64 {
		if v == 0 {
			return usual
		}
		return v
	}
	switch c.Transform {
	case "additive":
		return fast.Additive{}
	case "spline":
		return fast.Spline{Bins: int(or(float64(c.Bins), bijector.DefaultBins)), Bound: or(c.Bound, bijector.DefaultBound)}
	}
	scale := c.Scale
	if scale == "" {
		scale = bijector.ScaleTanh
	}
	return fast.Affine{Scale: string(scale), MaxLogScale: or(c.MaxLogScale, bijector.DefaultMaxLogScale)}
}

func (c Config) fastBase() fast.Base {
	switch c.Base {
	case "diagnormal":
		return fast.DiagNormal{}
	case "uniform":
		if c.Bound == 0 {
			return fast.Uniform{Bound: bijector.DefaultBound}
		}
		return fast.Uniform{Bound: c.Bound}
	case "mixture":
		return fast.Mixture{Components: c.Components, MaxLogScale: base.MaxLogScale}
	case "student":
		return fast.StudentT{Freedom: c.Freedom}
	}
	return fast.Normal{}
}
