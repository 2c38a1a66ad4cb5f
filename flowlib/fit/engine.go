package fit

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
)

// Engines that make the steps.
const (
	EngineGraph = ""     // automatic differentiation, on the backend of the model
	EngineFast  = "fast" // package fast: gradients by hand, on the processor
)

// engines by their names in a config.
var engines = map[string]func(t *trainer) (engine, error){
	EngineGraph: newGraph,
	EngineFast:  newFast,
}

// engine makes the optimizer steps of a trainer.
//
// Between two calls all numbers of a run, the optimizer's too, are in the model's store,
// and an engine finds them there, whoever has set them: checkpoints, averages and the
// search for what broke know no engine.
type engine interface {
	// name is what settles the last bit of the weights, beside the config and the data.
	name() string

	// steps makes count steps from the given one, counted from 0, at most cfg.EvalEvery.
	steps(first, count int) (outcome, error)

	// validate returns the mean NLL of the validation set, in nats and in the units of
	// the data, NaN where there is one.
	validate() (float64, error)
}

// outcome is what steps have come to.
type outcome struct {
	sum float64 // of their NLLs, in standardized units
	bad int     // the first step, from 0, whose NLL was not finite, or its gradient; -1 for none

	// keptWeights says that the NLL of the bad step is finite, and its gradient, which is
	// not, changed no weight.
	keptWeights bool
}

// newGraph is the engine that suits the model's backend: many steps per device call
// where it can loop, else one, in parts where it works on one core.
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

// canLoop says whether a backend runs many steps in one call. The pure-Go
// backend of compute v0.0.0-20260716 drops intermediate results inside a While
// ("input 0 for node Sqrt not computed yet").
func canLoop(b compute.Backend) bool { return backend.Name(b) != "go" }

// graph is what engines on a backend share.
type graph struct {
	*trainer
	data *tensors.Tensor // the training rows on the device, in standardized units
}

func (g graph) name() string { return backend.Name(g.model.Backend()) }

func (g graph) validate() (float64, error) {
	logProb, err := g.model.LogProb(g.valid)
	if errors.Is(err, flow.ErrNaN) {
		return math.NaN(), nil // whoever calls finds out where it arises
	}
	if err != nil {
		return 0, fmt.Errorf("fit: validation: %w", err)
	}
	return meanNLL(logProb), nil
}

func meanNLL(logProb []float64) float64 {
	sum := 0.0
	for _, lp := range logProb {
		sum -= lp
	}
	return sum / float64(len(logProb))
}
