package fast

import (
	"fmt"

	"normflow/flowlib/byhand"
)

// FromByHand returns an engine of f with a copy of its weights. See [New].
func FromByHand(f *byhand.Flow[float32], threads int) (*Engine, error) {
	d := Flow{Features: f.Features, Base: Normal{}}
	values := map[string][]float32{}
	for i, c := range f.Layers {
		if len(c.Conditioner) == 0 {
			return nil, fmt.Errorf("fast: layer %d: a conditioner without a dense layer", i)
		}
		n, last := Network{}, len(c.Conditioner)-1
		for j, l := range c.Conditioner {
			name := fmt.Sprintf("%02d/conditioner/hidden_%d", i, j)
			if j == last {
				name = fmt.Sprintf("%02d/conditioner/out", i)
			} else {
				n.Hidden = append(n.Hidden, l.Out)
			}
			values[name+"/weights"], values[name+"/biases"] = l.W, l.B
		}
		d.Layers = append(d.Layers, Coupling{Mask: c.Mask, InputBound: c.InputBound, Network: n, Transform: Affine{"tanh", c.MaxLogScale}})
	}
	e, err := New(d, threads)
	if err != nil {
		return nil, err
	}
	weights := e.Weights()
	for i := range weights.Len() {
		name := weights.Name(i)
		if len(values[name]) != weights.Size(i) {
			return nil, fmt.Errorf("fast: %s has %d numbers, expected %d", name, len(values[name]), weights.Size(i))
		}
		weights.Set(i, values[name])
	}
	return e, nil
}
