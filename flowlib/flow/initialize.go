package flow

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
)

// Initialize sets the variables that depend on data, those of ActNorm, from
// rows, [n, D+C] with n at least 2. What was initialised before, also before the
// model was saved and loaded, stays as it is. Package fit does this by itself.
//
// It returns an error, and changes nothing, where a layer sees a constant
// feature or a value that is not finite.
func (m *Model) Initialize(rows [][]float64) error {
	if err := dataset.CheckRows(rows, m.Config.Columns()); err != nil {
		return fmt.Errorf("flow: initialising: %w", err)
	}
	if bijector.CheckInitialised(m.Store, "/"+scopeName+"/") == nil {
		return nil // done, or nothing to do
	}
	before, err := m.Weights()
	if err != nil {
		return err
	}
	m.mu.Lock()
	_, err = model.CallOnce(m.Backend, m.Store, func(scope *model.Scope, rows *Node) *Node {
		x, context := m.Split(rows)
		m.Flow.Initialize(scope, x, context)
		return m.Flow.LogProb(scope, x, context) // a graph needs an output
	}, m.Tensor(rows))
	m.mu.Unlock()
	if err == nil {
		err = bijector.CheckInitialised(m.Store, "/"+scopeName+"/")
	}
	if err != nil {
		return fmt.Errorf("flow: initialising: %w", errors.Join(err, m.SetWeights(before)))
	}
	return nil
}
