package fit

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
)

// Engines for the optimizer steps.
const (
	EngineGraph = ""     // automatic differentiation on the model's backend
	EngineFast  = "fast" // package fast: hand-derived gradients on the processor
)

// engines maps the names in a config to constructors.
var engines = map[string]func(t *trainer) (engine, error){
	EngineGraph: newGraph,
	EngineFast:  newFast,
}

// engine makes the optimizer steps of a trainer.
//
// Between calls all numbers of a run, including the optimizer's, are in the model's
// store, where the engine finds them. So checkpoints, averages and the search for a
// number that is not finite do not depend on the engine.
type engine interface {
	// name identifies what, besides config and data, decides the last bit of the
	// weights.
	name() string

	// steps makes count steps, at most cfg.EvalEvery, starting at step first, counted
	// from 0.
	steps(first, count int) (outcome, error)

	// reload takes the trainer's training rows, which are others than before.
	reload() error

	// validate returns the log-densities of the validation rows, in nats and in the units
	// of the data. If one is NaN the others may be missing.
	validate() ([]float64, error)
}

// outcome is the result of some steps.
type outcome struct {
	sum float64 // of the NLLs, in standardized units
	bad int     // first step, from 0, whose NLL or gradient was not finite; -1 for none

	// keptWeights says that the NLL of the bad step is finite and that its gradient,
	// which is not, changed no weight.
	keptWeights bool
}

// newGraph returns the engine that suits the model's backend: many steps per device
// call if the backend can loop; otherwise one step per call, split into parts if the
// backend uses one core.
func newGraph(t *trainer) (engine, error) {
	var e engine
	var err error
	if canLoop(t.model.Backend()) {
		e, err = newLoop(t)
	} else {
		e, err = newStepwise(t, numParts(t.model.Backend(), t.cfg.BatchSize))
	}
	if err != nil {
		return nil, fmt.Errorf("fit: building the training step: %w", err)
	}
	return e, nil
}

// canLoop reports whether a backend can run many steps in one call. The pure-Go backend
// of compute v0.0.0-20260716 drops intermediate results inside a While ("input 0 for
// node Sqrt not computed yet").
func canLoop(b compute.Backend) bool { return backend.Name(b) != "go" }

// graph is the common part of the engines that run on a backend.
type graph struct {
	*trainer
	data input // the training rows on each device, see [trainer.onDevice]
}

func newGraphOn(t *trainer) (graph, error) {
	data, err := t.devices.place(t.onDevice(), everywhere)
	return graph{t, data}, err
}

func (g *graph) name() string { return backend.Name(g.model.Backend()) }

func (g *graph) reload() error {
	if err := g.data.FinalizeAll(); err != nil {
		return err
	}
	var err error
	g.data, err = g.devices.place(g.onDevice(), everywhere)
	return err
}

func (g *graph) validate() ([]float64, error) {
	logProb, err := g.model.LogProb(g.valid)
	if errors.Is(err, flow.ErrNaN) {
		return []float64{math.NaN()}, nil // the caller finds out where it arises
	}
	if err != nil {
		return nil, fmt.Errorf("fit: validation: %w", err)
	}
	return logProb, nil
}

// meanNLL returns the NLL of the rows that have a density, in nats, weighted unless weights
// is nil, and the number of rows of density 0. It is +Inf if there are only those.
func meanNLL(logProb, weights []float64) (mean float64, zero int) {
	sum, total := 0.0, 0.0
	for i, lp := range logProb {
		if math.IsInf(lp, -1) {
			zero++
			continue
		}
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		sum -= w * lp
		total += w
	}
	if zero == len(logProb) {
		return math.Inf(1), zero
	}
	return sum / total, zero
}
