package flow

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
	"normflow/internal/names"
)

// Initialize sets the variables that depend on data, those of ActNorm and of a mixture
// base, from rows, [n, D+C] with n at least 2. Variables that are already initialized,
// even before the model was saved and loaded, keep their values. Package fit calls it.
//
// Initialize returns an error and changes nothing if a layer sees a constant feature or
// a value that is not finite, or if a mixture has as many components as there are rows
// or more.
func (m *Model) Initialize(rows [][]float64) error {
	if err := m.made(); err != nil {
		return err
	}
	if err := dataset.CheckRows(rows, m.Columns()); err != nil {
		return fmt.Errorf("flow: initializing: %w", err)
	}
	if bijector.CheckInitialized(m.store, names.FlowPrefix) == nil {
		return nil // done, or nothing to do
	}
	before, err := m.Weights()
	if err != nil {
		return err
	}
	if err = m.initializeBijectors(rows); err == nil {
		err = m.startBase(rows)
	}
	if err == nil {
		err = bijector.CheckInitialized(m.store, names.FlowPrefix)
	}
	if err != nil {
		return fmt.Errorf("flow: initializing: %w", errors.Join(err, m.SetWeights(before)))
	}
	return nil
}

func (m *Model) initializeBijectors(rows [][]float64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := model.CallOnce(m.backend, m.store, func(scope *model.Scope, rows *Node) *Node {
		x, context := m.Split(rows)
		m.flow.Initialize(scope, x, context)
		return m.flow.LogProb(scope, x, context) // a graph needs an output
	}, m.Tensor(rows))
	return err
}

// starter is a base that computes the initial values of its variables, by name, from
// the latents of the data, [n, D].
type starter interface {
	Start(z [][]float64, seed int64) (map[string][]float64, error)
}

// startBase initializes the base unless its variable "initialised" says that this was
// done.
func (m *Model) startBase(rows [][]float64) error {
	base, ok := m.flow.base.(starter)
	if !ok || bijector.CheckInitialized(m.store, names.BasePrefix) == nil {
		return nil
	}
	states, err := m.Inverse(rows)
	if err != nil {
		return err
	}
	z := states[len(states)-1]
	if dataset.CheckRows(z, m.Features()) != nil {
		return nil // a layer has failed; CheckInitialized names it
	}
	start, err := base.Start(z, m.settings.Seed)
	if err != nil {
		return err
	}
	start[names.Initialized] = []float64{1}
	var weights []Weight
	for name, values := range start {
		v := m.store.GetVariable(names.BasePrefix + name)
		if v == nil {
			return fmt.Errorf("the base has no variable %s to start", name)
		}
		weights = append(weights, Weight{Path: v.Path(), Shape: v.Shape().Dimensions, Values: values})
	}
	return m.SetWeights(weights)
}
