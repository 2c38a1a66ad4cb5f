package byhand

import (
	"context"
	"fmt"
	"math"
)

// Config says how to train.
type Config struct {
	Seed         int64   `json:"seed"`          // of the order of the batches
	Steps        int     `json:"steps"`         // updates, at least 1
	BatchSize    int     `json:"batch_size"`    // events per update, at least 1
	LearningRate float64 `json:"learning_rate"` // of Adam, positive
	Cosine       bool    `json:"cosine"`        // the rate falls to 0 along half a cosine; otherwise it is constant
	Epsilon      float64 `json:"epsilon"`       // of Adam, positive
}

// DefaultConfig returns 2,000 steps of 256 events at a constant rate.
func DefaultConfig() Config {
	return Config{Steps: 2000, BatchSize: 256, LearningRate: 1e-3, Epsilon: 1e-8}
}

// Train fits f to events x, [n, D], by maximum likelihood: each step lowers the mean NLL
// of one batch. It returns the NLL of each batch before its step, in nats. An epoch shows
// each event once.
//
// If the context ends, it returns an error that wraps the context's, and f has the
// weights reached so far. If the NLL or a weight stops being finite, the error names the
// step.
func Train[T Float](ctx context.Context, f *Flow[T], x []T, cfg Config) (nlls []float64, err error) {
	if err := check(f, x, cfg); err != nil {
		return nil, err
	}
	backprop, adam, batches := NewBackprop(f), NewAdam[T](), batches{seed: cfg.Seed, rows: f.rows(x)}
	adam.Epsilon = cfg.Epsilon
	weights, batch := f.Params(), make([]T, cfg.BatchSize*f.Features)
	for step := range cfg.Steps {
		if err := ctx.Err(); err != nil {
			return nlls, fmt.Errorf("byhand: stopped after %d of %d steps: %w", step, cfg.Steps, err)
		}
		for i := range cfg.BatchSize {
			row := batches.next()
			copy(batch[i*f.Features:(i+1)*f.Features], x[row*f.Features:])
		}
		nll, gradient := backprop.Gradient(batch)
		if !finite(nll) {
			return nlls, fmt.Errorf("byhand: the NLL of step %d is %g: try a smaller learning rate", step+1, nll)
		}
		nlls = append(nlls, nll)
		adam.Step(weights, gradient.Params(), cfg.rate(step))
	}
	if err := f.Check(); err != nil {
		return nlls, fmt.Errorf("after step %d: %w", cfg.Steps, err)
	}
	return nlls, nil
}

// rate returns the learning rate of a step, counted from 0.
func (cfg Config) rate(step int) float64 {
	if !cfg.Cosine {
		return cfg.LearningRate
	}
	return cfg.LearningRate * 0.5 * (1 + math.Cos(math.Pi*float64(step)/float64(cfg.Steps)))
}

func check[T Float](f *Flow[T], x []T, cfg Config) error {
	if err := f.Check(); err != nil {
		return err
	}
	if len(x) == 0 || len(x)%f.Features != 0 {
		return fmt.Errorf("byhand: %d numbers to train on, expected rows of %d features", len(x), f.Features)
	}
	for i, v := range x {
		if !finite(float64(v)) {
			return fmt.Errorf("byhand: feature %d of event %d is %g, expected a finite number", i%f.Features, i/f.Features, v)
		}
	}
	if cfg.Steps < 1 || cfg.BatchSize < 1 {
		return fmt.Errorf("byhand: %d steps of %d events, expected at least 1 of both", cfg.Steps, cfg.BatchSize)
	}
	if !(cfg.LearningRate > 0) || !finite(cfg.LearningRate) || !(cfg.Epsilon > 0) || !finite(cfg.Epsilon) {
		return fmt.Errorf("byhand: learning rate %g and epsilon %g, expected positive numbers", cfg.LearningRate, cfg.Epsilon)
	}
	return nil
}
