package flow

import (
	"fmt"

	"normflow/flowlib/bijector"
	"normflow/flowlib/byhand"
	"normflow/internal/names"
)

// ByHand returns the model in plain Go with a copy of its weights. It works in
// standardized units, see [Units]. The error names the part of the model that package
// byhand does not support.
func (m *Model) ByHand() (*byhand.Flow[float64], error) {
	weights, err := m.Weights()
	if err != nil {
		return nil, err
	}
	c, err := m.Config()
	if err != nil {
		return nil, err
	}
	return byHandOf(c, weights)
}

func byHandOf(c Config, weights []Weight) (*byhand.Flow[float64], error) {
	f, err := c.byHand()
	if err != nil {
		return nil, err
	}
	values := map[string][]float64{}
	for _, w := range weights {
		values[w.Path] = w.Values
	}
	for _, w := range ByHandWeights(f) {
		if len(values[w.Path]) != len(w.Values) {
			return nil, fmt.Errorf("flow: variable %s has %d values, expected %d", w.Path, len(values[w.Path]), len(w.Values))
		}
		copy(w.Values, values[w.Path])
	}
	return f, nil
}

// byHand returns the flow of c in plain Go with all weights zero.
func (c Config) byHand() (*byhand.Flow[float64], error) {
	for _, part := range []struct {
		name  string
		got   any
		known bool
	}{
		{"transform", c.Transform, c.Transform == "" || c.Transform == "affine"},
		{"scale", c.Scale, c.Scale == "" || c.Scale == bijector.ScaleTanh},
		{"lu", c.LU, !c.LU},
		{"actnorm", c.ActNorm, !c.ActNorm},
		{"residual", c.Residual, !c.Residual},
		{"activation", c.Activation, c.Activation == "" || c.Activation == "relu"},
		{"base", c.Base, c.Base == "" || c.Base == "normal"},
		{"context", c.Context, c.Context == 0},
	} {
		if !part.known {
			return nil, fmt.Errorf("flow: no such flow by hand: it has %s %v, expected affine couplings with scale tanh and activation relu, base normal, and nothing else", part.name, part.got)
		}
	}
	f := &byhand.Flow[float64]{Features: c.Features}
	maxLogScale := c.MaxLogScale
	if maxLogScale == 0 {
		maxLogScale = bijector.DefaultMaxLogScale
	}
	for i := range c.Layers {
		layer := byhand.NewCoupling[float64](c.mask(i), c.Hidden)
		layer.InputBound, layer.MaxLogScale = c.InputBound, maxLogScale
		f.Layers = append(f.Layers, layer)
	}
	return f, nil
}

// ByHandWeights returns the weights of f under the names a model gives them. The values
// share memory with f.
func ByHandWeights(f *byhand.Flow[float64]) (weights []Weight) {
	for i, c := range f.Layers {
		for j, l := range c.Conditioner {
			path := fmt.Sprintf("%s"+names.Place+"/conditioner/hidden_%d/", names.FlowPrefix, i, j)
			if j == len(c.Conditioner)-1 {
				path = fmt.Sprintf("%s"+names.Place+"/conditioner/out/", names.FlowPrefix, i)
			}
			weights = append(weights, Weight{path + "weights", []int{l.In, l.Out}, l.W}, Weight{path + "biases", []int{l.Out}, l.B})
		}
	}
	return weights
}
