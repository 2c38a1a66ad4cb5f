package flow

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/fast"
)

// Fast describes the flow of c to package fast, in standardized units, see [Units], and
// names the variable that holds each array of the engine's weights, in their order. The
// error names what the flow has that package fast does not.
func (c Config) Fast() (f fast.Flow, paths []string, err error) {
	plain, err := c.byHand()
	if err != nil {
		return fast.Flow{}, nil, err
	}
	f.Features = plain.Features
	for _, l := range plain.Layers {
		f.Layers = append(f.Layers, fast.Coupling{Mask: l.Mask, Hidden: c.Hidden, InputBound: l.InputBound, MaxLogScale: l.MaxLogScale})
	}
	for _, w := range ByHandWeights(plain) {
		paths = append(paths, w.Path)
	}
	return f, paths, nil
}

// Fast returns the model as package fast computes it, on all processors. The error names
// what the model has that package fast does not.
func (s *Saved) Fast() (*fast.Engine, error) {
	if s.DType() != dtypes.Float32 {
		return nil, fmt.Errorf("flow: the model is in %s, the engine in Float32", s.DType())
	}
	c, err := s.Config()
	if err != nil {
		return nil, err
	}
	f, paths, err := c.Fast()
	if err != nil {
		return nil, err
	}
	e, err := fast.New(f, 0)
	if err != nil {
		return nil, err
	}
	values := map[string][]float64{}
	for _, w := range s.Weights {
		values[w.Path] = w.Values
	}
	weights := e.Weights()
	for i, path := range paths {
		if len(values[path]) != weights.Size(i) {
			return nil, fmt.Errorf("flow: variable %s has %d values, expected %d", path, len(values[path]), weights.Size(i))
		}
		weights.Set(i, float32s(values[path]))
	}
	return e, nil
}
