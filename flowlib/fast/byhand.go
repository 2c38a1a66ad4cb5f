package fast

import (
	"fmt"

	"normflow/flowlib/byhand"
)

// FromByHand returns an engine of f with a copy of its weights. See [New].
func FromByHand(f *byhand.Flow[float32], threads int) (*Engine, error) {
	of := Flow{Features: f.Features}
	for i, c := range f.Layers {
		if len(c.Conditioner) == 0 {
			return nil, fmt.Errorf("fast: layer %d: a conditioner without a dense layer", i)
		}
		own := Coupling{Mask: c.Mask, InputBound: c.InputBound, MaxLogScale: c.MaxLogScale}
		for _, d := range c.Conditioner[:len(c.Conditioner)-1] {
			own.Hidden = append(own.Hidden, d.Out)
		}
		of.Layers = append(of.Layers, own)
	}
	e, err := New(of, threads)
	if err != nil {
		return nil, err
	}
	weights := e.Weights()
	for i, values := range f.Params() { // in the order of Arrays
		if len(values) != weights.Size(i) {
			return nil, fmt.Errorf("fast: array %d of the weights has %d numbers, expected %d", i, len(values), weights.Size(i))
		}
		weights.Set(i, values)
	}
	return e, nil
}
