package fit

import (
	"fmt"

	"normflow/flowlib/flow"
)

// initializeRows bounds how many training events a data-dependent bijector sees: enough
// for a mean and a spread good to about 2%.
const initializeRows = 4096

// initialize sets the variables that depend on data, once, before the first step. It
// draws the events like a batch, because training data may be sorted.
func initialize(m *flow.Model, train [][]float64, seed int64) error {
	var rows [][]float64
	for _, i := range newBatches(Config{Seed: seed, BatchSize: min(initializeRows, len(train))}, len(train)).at(0) {
		rows = append(rows, train[i])
	}
	if err := m.Initialize(rows); err != nil {
		return fmt.Errorf("fit: initializing from %d training events: %w", len(rows), err)
	}
	return nil
}
