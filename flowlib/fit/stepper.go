package fit

import (
	"fmt"

	"normflow/flowlib/flow"
)

// Stepper trains a model without validation, checkpoints or best weights. Use it to
// write your own training loop, or to time a step.
type Stepper struct {
	trainer *trainer
	step    int // steps made so far
}

// NewStepper starts from the weights of m with a fresh optimizer, on the rows of train,
// [n, D+C]. EvalEvery of cfg is the largest number of steps per device call; Patience,
// Stream and Checkpoint are ignored.
func NewStepper(m *flow.Model, train [][]float64, cfg Config) (*Stepper, error) {
	cfg.ValidWeights, cfg.Stream = nil, nil
	train, _, err := cfg.apply(train, nil)
	if err != nil {
		return nil, err
	}
	if err := check(m, train, train[:min(1, len(train))], cfg); err != nil {
		return nil, err
	}
	if err := initialize(m, train, cfg.Seed); err != nil {
		return nil, err
	}
	t, err := newTrainer(m, train, nil, cfg)
	if err != nil {
		return nil, err
	}
	return &Stepper{trainer: t}, t.startAverages()
}

// Advance makes count steps and returns their mean NLL in nats; the NLL of a step is
// that of its batch at the weights before it. Advance returns an error beyond the steps
// of the config, or if an NLL is not finite; then the weights are useless.
func (s *Stepper) Advance(count int) (nll float64, err error) {
	cfg := s.trainer.cfg
	if count < 1 || s.step+count > cfg.Steps {
		return 0, fmt.Errorf("fit: %d more steps after %d of %d, expected at least 1 and at most %d", count, s.step, cfg.Steps, cfg.Steps-s.step)
	}
	sum, weight := 0.0, 0.0
	for end := s.step + count; s.step < end; {
		n := min(end-s.step, cfg.EvalEvery)
		out, err := s.trainer.engine.steps(s.step, n)
		if err != nil {
			return 0, fmt.Errorf("fit: training from step %d: %w", s.step+1, err)
		}
		if out.bad >= 0 {
			return 0, fmt.Errorf("fit: the training NLL or its gradient is not finite at step %d: %s", s.step+out.bad+1, s.trainer.advice())
		}
		w := s.trainer.weightOf(s.step, n)
		sum += out.sum - w*s.trainer.logDet
		weight += w
		s.step += n
	}
	return sum / weight, nil
}
