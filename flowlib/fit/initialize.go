package fit

import (
	"fmt"

	"normflow/flowlib/flow"
)

// initializeRows is how many training events a data-dependent bijector sees at
// most: the mean and the spread it takes from them are good to about 2%.
const initializeRows = 4096

// initialize sets what a flow takes from data, once, before the first step. The
// events are drawn as a batch is: training data may come sorted.
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
