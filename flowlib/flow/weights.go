package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/internal/names"
)

// Weight is one variable of a flow, with its values in row-major order and in float64
// whatever the precision inside.
type Weight struct {
	Path   string // such as "/flow/00/conditioner/hidden_0/weights"
	Shape  []int  // empty for a scalar
	Values []float64
}

// Weights returns a copy of the flow's variables, in the order of creation.
func (m *Model) Weights() ([]Weight, error) {
	if err := m.made(); err != nil {
		return nil, err
	}
	var weights []Weight
	for v := range m.store.Scope("/" + names.Flow).IterVariables() {
		t, err := v.Value()
		if err != nil {
			return nil, fmt.Errorf("flow: variable %s: %w", v.Path(), err)
		}
		weights = append(weights, Weight{v.Path(), append([]int{}, v.Shape().Dimensions...), column(t)})
	}
	return weights, nil
}

// Variables returns the variables of the flow, sorted by path.
func (m *Model) Variables() ([]Variable, error) {
	if err := m.made(); err != nil {
		return nil, err
	}
	return variablesOf(m.store), nil
}

// variablesOf returns the flow's variables in a store.
func variablesOf(store *model.Store) (all []Variable) {
	for v := range store.Scope("/" + names.Flow).IterVariables() {
		all = append(all, Variable{v.Path(), append([]int{}, v.Shape().Dimensions...), v.Trainable})
	}
	slices.SortFunc(all, func(a, b Variable) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// SetWeights replaces the variables named in weights. If one is unknown or has another
// size, it returns an error and changes nothing.
func (m *Model) SetWeights(weights []Weight) error {
	if err := m.made(); err != nil {
		return err
	}
	for _, w := range weights {
		v := m.store.GetVariable(w.Path)
		if v == nil {
			return fmt.Errorf("flow: this model has no variable %s", w.Path)
		}
		if !slices.Equal(v.Shape().Dimensions, w.Shape) || len(w.Values) != v.Shape().Size() {
			return fmt.Errorf("flow: variable %s has shape %v and %d values, expected shape %v", w.Path, w.Shape, len(w.Values), v.Shape().Dimensions)
		}
	}
	for _, w := range weights {
		v := m.store.GetVariable(w.Path)
		value := tensors.FromShape(shapes.Make(v.DType(), w.Shape...))
		value.MustMutableFlatData(func(flat any) {
			switch v.DType() {
			case dtypes.Float64:
				copy(flat.([]float64), w.Values)
			default:
				for i, x := range w.Values {
					flat.([]float32)[i] = float32(x)
				}
			}
		})
		if err := v.SetValue(value); err != nil {
			return fmt.Errorf("flow: variable %s: %w", w.Path, err)
		}
	}
	return nil
}
