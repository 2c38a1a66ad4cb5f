// Package fit trains a flow by maximum likelihood. It is the only package that
// changes a model's weights.
package fit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"normflow/flowlib/flow"
	"normflow/internal/numbers"
)

// Config says how to train. It is plain data: a run saves it beside its results.
// A field that is absent from its JSON is off.
type Config struct {
	Seed         int64   `json:"seed"`          // seed of the order of the batches, any number
	Steps        int     `json:"steps"`         // most optimizer updates, at least 1
	BatchSize    int     `json:"batch_size"`    // events per update, at least 1
	LearningRate float64 `json:"learning_rate"` // peak rate of Adam, positive; falls to 0 at Steps along a cosine, unless Constant
	WarmUp       int     `json:"warm_up"`       // steps of linear rise to the peak; 0 = none
	ClipNorm     float64 `json:"clip_norm"`     // bound on the gradient's global norm, nats per unit of the weights; 0 = none
	EvalEvery    int     `json:"eval_every"`    // steps between points of the curve, at least 1

	// Patience ends the run after this many points of the curve in a row without a new
	// best validation NLL; 0 never ends it early. The cosine is laid out for all Steps,
	// so a run that ends early has not reached the low rates.
	Patience int `json:"patience,omitempty"`

	// Constant keeps the learning rate at its peak after the warm-up.
	Constant bool `json:"constant,omitempty"`

	// InOrder takes the events in the order of the data, over and over, so that other
	// programs can train on the same batches. It excludes Replacement.
	InOrder bool `json:"in_order,omitempty"`

	// Replacement draws each event of a batch from all training events. Otherwise each
	// event is seen once per epoch.
	Replacement bool `json:"replacement,omitempty"`

	// EMADecay, in [0, 1), is the decay per step of an exponential moving average of
	// the weights, such as 0.999; 0 keeps no average. With an average, the validation
	// NLL, the best weights and the final weights of the model are the average's. The
	// average warms up: early on it spans about the last ninth of the steps.
	EMADecay float64 `json:"ema_decay,omitempty"`

	// WeightDecay, at least 0, multiplies the matrices of the bijectors by 1 -
	// rate·WeightDecay at every step (AdamW); 0 leaves them alone. Biases, other
	// vectors and the base never shrink.
	WeightDecay float64 `json:"weight_decay,omitempty"`

	// Engine makes the steps. [EngineGraph] trains any flow; [EngineFast] trains the
	// flows of the zoo and chains of their parts, on the processor, several times as
	// fast.
	Engine string `json:"engine,omitempty"`

	// Devices is how many devices of the model's backend share each batch; 0 or 1: one. Of
	// [EngineGraph] on XLA only. The backend must have been opened with as many, see
	// [backend.Open]. The weights are those of one device but for rounding.
	Devices int `json:"devices,omitempty"`

	// Weights says how much each training event counts, and ValidWeights each validation
	// event; nil: all count the same. Only ratios matter: they are scaled to a mean of 1.
	// Batches are drawn as without weights, and their loss is the mean of weight times
	// -log p. Events of weight 0 are left out.
	Weights      []float64 `json:"-"` // finite and not negative, [n]
	ValidWeights []float64 `json:"-"` // [k]

	// Stream, unless nil, gives the events to train on. The training events that are handed
	// to Run are then a sample of them, which initializes the bijectors that depend on data.
	Stream Stream `json:"-"`

	// Checkpoint is a file, rewritten at every point of the curve, from which an
	// interrupted run resumes; config and data must be the same. "" keeps none.
	Checkpoint string `json:"-"`
}

// Point is one point of the training curve. NLLs are means in nats per event,
// in the units of the data.
type Point struct {
	Step  int     `json:"step"`
	Train float64 `json:"train"` // over the batches since the previous point, each at the weights before its step
	Valid float64 `json:"valid"` // over the validation set, at the averaged weights if there are any
	// Zero counts validation rows of density 0, which Valid leaves out: with them it is
	// infinite, and says nothing of the others.
	Zero int `json:"zero,omitempty"`
}

// Result is the outcome of training besides the weights.
type Result struct {
	Curve     []Point `json:"curve"`
	BestStep  int     `json:"best_step"`           // step of the weights, or their average, that the model holds
	BestValid float64 `json:"best_valid"`          // NLL on the validation set, nats
	BestZero  int     `json:"best_zero,omitempty"` // validation rows of density 0 beside it; fewer are better than a lower NLL
	Stopped   string  `json:"stopped,omitempty"`   // why the run ended: ByPatience, BySteps, or "" after an error
	Seconds   float64 `json:"seconds"`             // wall time, compiling included
}

// Reasons for which a run ended.
const (
	BySteps    = "steps"    // all steps were made
	ByPatience = "patience" // the validation NLL stopped falling
)

// Progress is called after each point of the curve; it may be nil.
type Progress func(p Point, of Config)

// Run trains m by minimizing the NLL of train, [n, D+C], and leaves in m the weights
// that were best on valid, [k, D+C]. It initializes the bijectors that depend on data
// from train, then changes trainable variables only. Training starts from the weights
// of m with a fresh optimizer.
//
// If ctx ends, Run saves the checkpoint, if there is one, and returns an error that
// wraps ctx's. If the NLL or a weight stops being finite, Run returns an error that
// names the step and the part of the flow where that happened, and leaves the best
// weights so far in m. It never writes numbers that are not finite to disk.
func Run(ctx context.Context, m *flow.Model, train, valid [][]float64, cfg Config, progress Progress) (Result, error) {
	train, valid, err := cfg.apply(train, valid)
	if err != nil {
		return Result{}, err
	}
	if err := check(m, train, valid, cfg); err != nil {
		return Result{}, err
	}
	start := time.Now()
	t, err := newTrainer(m, train, valid, cfg)
	if err != nil {
		return Result{}, err
	}
	s, err := newState(t)
	if err != nil {
		return Result{}, err
	}
	before := s.result.Seconds
	for s.result.Stopped == "" {
		if err := ctx.Err(); err != nil {
			return s.result, errors.Join(fmt.Errorf("fit: stopped at step %d of %d: %w", s.step, cfg.Steps, err), s.save(), s.restoreBest())
		}
		p, weights, err := s.advance()
		if err != nil {
			return s.result, errors.Join(err, s.restoreBest())
		}
		s.result.Seconds = before + time.Since(start).Seconds()
		s.add(p, weights)
		if err := s.save(); err != nil {
			return s.result, errors.Join(err, s.restoreBest())
		}
		if progress != nil {
			progress(p, cfg)
		}
	}
	return s.result, s.restoreBest()
}

// advance trains up to the next point of the curve, and returns the point and the
// weights that were validated.
func (s *state) advance() (p Point, weights []flow.Weight, err error) {
	t := s.trainer
	count := min(t.cfg.EvalEvery, t.cfg.Steps-s.step)
	p.Step = s.step + count
	if err = t.feed(s.step); err != nil {
		return p, nil, err
	}
	if p.Train, err = t.run(s.step, count, s.store); err != nil {
		return p, nil, err
	}
	if s.store, err = t.take(s.step, count, s.store); err != nil {
		return p, nil, err
	}
	err = t.withAverages(func() (err error) {
		logProb, err := t.engine.validate()
		if err != nil {
			return err
		}
		if p.Valid, p.Zero = meanNLL(logProb, t.cfg.ValidWeights); !numbers.Finite(p.Valid) {
			return t.explainValidation(p)
		}
		weights, err = t.model.Weights()
		return err
	})
	s.step = p.Step
	return p, weights, err
}
