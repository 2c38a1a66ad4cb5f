package bench

import (
	"fmt"

	"normflow/flowlib/backend"
	"normflow/flowlib/byhand"
	"normflow/internal/safetensors"
	"normflow/internal/show"
)

// weightsOf returns the initial weights by the paths of their variables.
func weightsOf(s Start) (map[string][]float64, error) {
	all := map[string][]float64{}
	if s.Weights == "" {
		b, err := backend.Open("go")
		if err != nil {
			return nil, err
		}
		m, err := config(s.Model, s.Features).NewModel(b)
		if err != nil {
			return nil, err
		}
		weights, err := m.Weights()
		for _, w := range weights {
			all[w.Path] = w.Values
		}
		return all, err
	}
	file, err := safetensors.Read(s.Weights)
	if err != nil {
		return nil, err
	}
	for _, t := range file.Tensors {
		if all[t.Name], err = t.Float64s(); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", show.Path(s.Weights), t.Name, err)
		}
	}
	return all, nil
}

// fill sets dst to the weights of one variable.
func fill[T byhand.Float](dst []T, from map[string][]float64, path string) error {
	if len(from[path]) != len(dst) {
		return fmt.Errorf("%s has %d numbers, expected %d", path, len(from[path]), len(dst))
	}
	for i, v := range from[path] {
		dst[i] = T(v)
	}
	return nil
}
