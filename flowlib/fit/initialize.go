package fit

import (
	"fmt"

	"normflow/flowlib/flow"
)

// initialize sets the variables that depend on data, once, before the first step, from as
// many training events as the model computes at a time: 4,096 are enough for a mean and a
// spread good to about 2%, and of an image each pixel counts. It draws the events like a
// batch, because training data may be sorted.
func initialize(m *flow.Model, train [][]float64, seed int64) error {
	var rows [][]float64
	for _, i := range newBatches(Config{Seed: seed, BatchSize: min(m.MaxChunk(), len(train))}, len(train)).at(0) {
		rows = append(rows, train[i])
	}
	if err := m.Initialize(rows); err != nil {
		return fmt.Errorf("fit: initializing from %d training events: %w", len(rows), err)
	}
	return nil
}
