// Package fit trains a flow by maximum likelihood. It is the only package that
// changes a model's weights.
package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// Config says how to train. It is plain data: a run saves it beside its results.
type Config struct {
	Seed         int64   `json:"seed"`          // of the order of the batches
	Steps        int     `json:"steps"`         // optimizer updates
	BatchSize    int     `json:"batch_size"`    // events per update, drawn without replacement
	LearningRate float64 `json:"learning_rate"` // peak, of Adam; falls to 0 along a cosine
	WarmUp       int     `json:"warm_up"`       // steps of linear rise to the peak
	ClipNorm     float64 `json:"clip_norm"`     // bound on the gradient's global norm; 0 = none
	EvalEvery    int     `json:"eval_every"`    // steps between two points of the curve

	// EMADecay, in [0, 1), is the decay per step of an exponential moving average
	// of the weights, such as 0.999; 0 keeps none. With it the validation NLL, the
	// best weights and the weights left in the model are those of the average.
	// See averageShare for its warm-up.
	EMADecay float64 `json:"ema_decay,omitempty"`

	// WeightDecay, per step and unit of the learning rate, shrinks the matrices
	// of the bijectors by 1 - rate·WeightDecay at every step; 0 leaves them. Biases,
	// other vectors and the base are never shrunk.
	WeightDecay float64 `json:"weight_decay,omitempty"`

	// Beta2, in [0, 1), is the decay per step of Adam's average of squared
	// gradients; 0 stands for 0.999.
	Beta2 float64 `json:"beta2,omitempty"`

	// Checkpoint is a file that is rewritten at every point of the curve and
	// from which an interrupted run goes on by itself, with the same config and
	// data or not at all; "" keeps none.
	Checkpoint string `json:"-"`
}

// DefaultConfig is 5,000 steps of 256 events.
func DefaultConfig() Config {
	return Config{Steps: 5000, BatchSize: 256, LearningRate: 2e-3, WarmUp: 100, ClipNorm: 5, EvalEvery: 100}
}

// Point is one point of the training curve. NLLs are means in nats per event,
// in the units of the data.
type Point struct {
	Step  int     `json:"step"`
	Train float64 `json:"train"` // over the batches since the point before
	Valid float64 `json:"valid"` // over the whole validation set
}

// Result is what training leaves besides the weights.
type Result struct {
	Curve     []Point `json:"curve"`
	BestStep  int     `json:"best_step"`  // whose weights the model holds
	BestValid float64 `json:"best_valid"` // NLL on the validation set, nats
	Seconds   float64 `json:"seconds"`    // wall time, compiling included
}

// Progress is called after each point of the curve; it may be nil.
type Progress func(p Point, of Config)

// Run trains m by minimizing the NLL of train, [n, D], and leaves in m the
// weights that were best on valid, [k, D].
//
// Training starts from the weights of m with a fresh optimizer, whatever was done
// to m before.
//
// If the context ends, Run saves the checkpoint, if there is one, and returns
// an error that wraps the context's. If the NLL stops being finite, it returns
// an error that names the step and leaves m with the best weights so far; nothing
// that is not finite is written to disk.
func Run(ctx context.Context, m *flow.Model, train, valid [][]float64, cfg Config, progress Progress) (Result, error) {
	if err := check(m, train, valid, cfg); err != nil {
		return Result{}, err
	}
	start := time.Now()
	t, err := newTrainer(m, train, cfg, canLoop(m.Backend))
	if err != nil {
		return Result{}, err
	}
	s, err := newState(m, train, valid, cfg)
	if err != nil {
		return Result{}, err
	}
	if s.step == 0 {
		if err := t.startAverages(); err != nil {
			return Result{}, err
		}
	}
	before := s.result.Seconds
	for s.step < cfg.Steps {
		if err := ctx.Err(); err != nil {
			return s.result, errors.Join(fmt.Errorf("fit: stopped at step %d of %d: %w", s.step, cfg.Steps, err), s.save(cfg), s.restoreBest(m))
		}
		count := min(cfg.EvalEvery, cfg.Steps-s.step)
		nll, err := t.run(s.step, count)
		if err != nil {
			return s.result, errors.Join(err, s.restoreBest(m))
		}
		s.step += count
		var validNLL float64
		var validated []flow.Weight
		err = t.withAverages(func() (err error) {
			if validNLL, err = meanNLL(m, valid); err == nil {
				validated, err = m.Weights()
			}
			return err
		})
		if err == nil && (math.IsNaN(validNLL) || math.IsInf(validNLL, 0)) {
			err = fmt.Errorf("fit: the validation NLL is %g after step %d: try a smaller learning rate (it is %g) or a ClipNorm", validNLL, s.step, cfg.LearningRate)
		}
		if err != nil {
			return s.result, errors.Join(err, s.restoreBest(m))
		}
		p := Point{Step: s.step, Train: nll, Valid: validNLL}
		s.result.Seconds = before + time.Since(start).Seconds()
		s.add(p, validated)
		if err := s.save(cfg); err != nil {
			return s.result, err
		}
		if progress != nil {
			progress(p, cfg)
		}
	}
	return s.result, s.restoreBest(m)
}

func check(m *flow.Model, train, valid [][]float64, cfg Config) error {
	for _, limit := range []struct {
		name string
		got  float64
		ok   bool
		want string
	}{
		{"steps", float64(cfg.Steps), cfg.Steps >= 1, "at least 1"},
		{"batch_size", float64(cfg.BatchSize), cfg.BatchSize >= 1, "at least 1"},
		{"eval_every", float64(cfg.EvalEvery), cfg.EvalEvery >= 1, "at least 1"},
		{"learning_rate", cfg.LearningRate, cfg.LearningRate > 0 && !math.IsInf(cfg.LearningRate, 0), "positive and finite"},
		{"warm_up", float64(cfg.WarmUp), cfg.WarmUp >= 0, "at least 0"},
		{"clip_norm", cfg.ClipNorm, cfg.ClipNorm >= 0, "at least 0"},
		{"ema_decay", cfg.EMADecay, cfg.EMADecay >= 0 && cfg.EMADecay < 1, "at least 0 and below 1"},
		{"weight_decay", cfg.WeightDecay, cfg.WeightDecay >= 0 && !math.IsInf(cfg.WeightDecay, 0), "at least 0 and finite"},
		{"beta2", cfg.Beta2, cfg.Beta2 >= 0 && cfg.Beta2 < 1, "at least 0 and below 1"},
	} {
		if !limit.ok {
			return fmt.Errorf("fit: %s must be %s, got %g", limit.name, limit.want, limit.got)
		}
	}
	if len(train) < cfg.BatchSize || len(valid) == 0 {
		return fmt.Errorf("fit: %d training and %d validation events are too few for batches of %d", len(train), len(valid), cfg.BatchSize)
	}
	if err := dataset.CheckRows(train, m.Config.Features); err != nil {
		return fmt.Errorf("fit: training data: %w", err)
	}
	if err := dataset.CheckRows(valid, m.Config.Features); err != nil {
		return fmt.Errorf("fit: validation data: %w", err)
	}
	return nil
}

func meanNLL(m *flow.Model, x [][]float64) (float64, error) {
	logProb, err := m.LogProb(x)
	if err != nil {
		return 0, fmt.Errorf("fit: validation: %w", err)
	}
	sum := 0.0
	for _, lp := range logProb {
		sum -= lp
	}
	return sum / float64(len(x)), nil
}

// learningRate is the rate of the given step, counted from 0: a linear rise
// over the warm-up, then half a cosine down to zero.
func (c Config) learningRate(step int) float64 {
	if step < c.WarmUp {
		return c.LearningRate * float64(step+1) / float64(c.WarmUp)
	}
	done := float64(step-c.WarmUp) / float64(max(1, c.Steps-c.WarmUp))
	return c.LearningRate * 0.5 * (1 + math.Cos(math.Pi*done))
}
