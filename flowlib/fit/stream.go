package fit

import (
	"errors"
	"fmt"
)

// Stream gives the training events of a run that cannot hold them all: over and over, in
// an order that is its own, but the same each time.
type Stream interface {
	// Next fills rows, each [D+C], with the events that follow.
	Next(rows [][]float64) error
	// Skip passes over n events, which an interrupted run has seen.
	Skip(n int) error
}

// window is how many events of a stream are held at a time: those of the steps between two
// points of the curve. The engines see them as the training set, whose events are taken in
// order.
func (c Config) window() int { return c.EvalEvery * c.BatchSize }

// checkStream returns an error for what a stream excludes.
func (c Config) checkStream() error {
	if c.Stream != nil && (c.Replacement || c.Weights != nil) {
		return errors.New("fit: events of a stream come in its order and count the same: expected neither replacement nor weights")
	}
	return nil
}

// feed gives the engine the events of the steps that follow first, the step of a point of
// the curve, if they come from a stream.
func (t *trainer) feed(first int) error {
	s := t.cfg.Stream
	if s == nil {
		return nil
	}
	fail := func(err error) error {
		return fmt.Errorf("fit: the training events from step %d on: %w", first+1, err)
	}
	if seen := first * t.cfg.BatchSize; t.fed < seen {
		if err := s.Skip(seen - t.fed); err != nil {
			return fail(err)
		}
		t.fed = seen
	}
	if t.held == nil {
		t.held = make([][]float64, t.cfg.window())
		for i := range t.held {
			t.held[i] = make([]float64, t.model.Columns())
		}
	}
	if err := s.Next(t.held); err != nil {
		return fail(err)
	}
	t.fed += len(t.held)
	t.train = t.held
	return t.engine.reload()
}
