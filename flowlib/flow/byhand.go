package flow

import (
	"fmt"
	"slices"

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

// SetByHand replaces the weights of the model by those of f. If f differs from the
// model in anything but its weights, SetByHand returns an error and changes nothing.
func (m *Model) SetByHand(f *byhand.Flow[float64]) error {
	if err := m.made(); err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	c, err := m.Config()
	if err != nil {
		return err
	}
	own, err := c.byHand()
	if err != nil {
		return err
	}
	if err := sameByHand(f, own); err != nil {
		return err
	}
	return m.SetWeights(ByHandWeights(f))
}

// ByHandConfig returns the config of f. To get a model with the weights of f, call
// [Config.NewModel], then [Model.SetByHand]; the caller sets the scaler. ByHandConfig
// returns an error if a Config cannot describe f: if its couplings differ in more than
// their masks, or if the masks are neither alternating nor halves.
func ByHandConfig(f *byhand.Flow[float64]) (Config, error) {
	if err := f.Check(); err != nil {
		return Config{}, fmt.Errorf("flow: %w", err)
	}
	if len(f.Layers) == 0 {
		return Config{}, fmt.Errorf("flow: a flow by hand without a coupling, expected at least 1")
	}
	c, first := RealNVP(f.Features), f.Layers[0]
	c.Layers, c.InputBound, c.MaxLogScale, c.Hidden = len(f.Layers), first.InputBound, first.MaxLogScale, []int{}
	for _, l := range first.Conditioner[:len(first.Conditioner)-1] {
		c.Hidden = append(c.Hidden, l.Out)
	}
	if err := c.check(); err != nil {
		return Config{}, fmt.Errorf("flow: %w", err)
	}
	var err error
	for _, c.Mask = range []string{"halves", ""} {
		own, _ := c.byHand() // a config made here always has one
		if err = sameByHand(f, own); err == nil {
			return c, nil
		}
	}
	return Config{}, err
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

// sameByHand returns an error if f differs from want in anything but its weights.
func sameByHand(f, want *byhand.Flow[float64]) error {
	differ := func(what string, got, want any) error {
		return fmt.Errorf("flow: the flow by hand has %s %v, expected %v", what, got, want)
	}
	switch {
	case f.Features != want.Features:
		return differ("features", f.Features, want.Features)
	case len(f.Layers) != len(want.Layers):
		return differ("couplings", len(f.Layers), len(want.Layers))
	}
	for i, c := range f.Layers {
		w := want.Layers[i]
		in := fmt.Sprintf("in coupling %d ", i)
		switch {
		case !slices.Equal(c.Mask, w.Mask):
			return differ(in+"the mask", c.Mask, w.Mask)
		case c.InputBound != w.InputBound:
			return differ(in+"the bound on inputs", c.InputBound, w.InputBound)
		case c.MaxLogScale != w.MaxLogScale:
			return differ(in+"the bound on the log-scale", c.MaxLogScale, w.MaxLogScale)
		case !slices.Equal(widths(c), widths(w)):
			return differ(in+"layers of widths", widths(c), widths(w))
		}
	}
	return nil
}

func widths(c byhand.Coupling[float64]) (all []int) {
	for _, l := range c.Conditioner {
		all = append(all, l.Out)
	}
	return all
}
