package fit

import (
	"fmt"
	"path"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"normflow/flowlib/fast"
	"normflow/flowlib/flow"
	"normflow/internal/names"
	"normflow/internal/numbers"
)

// fastEngine is the engine that computes with package fast, and leaves in the store what
// a graph would.
type fastEngine struct {
	*trainer
	engine  *fast.Engine
	adam    *fast.Trainer
	units   flow.Units
	seen    []float32 // the training rows, standardized
	held    []float32 // the validation rows, standardized
	logProb []float64 // of those
}

// newFast returns an error that says what package fast cannot do.
func newFast(t *trainer) (engine, error) {
	m, cfg := t.model, t.cfg
	if m.DType() != dtypes.Float32 {
		return nil, fmt.Errorf("fit: the engine %q computes in Float32, the model in %s", EngineFast, m.DType())
	}
	of, err := m.FastFlow()
	if err != nil {
		return nil, fmt.Errorf("fit: the engine %q cannot train this model: %w", EngineFast, err)
	}
	e := &fastEngine{trainer: t, units: m.Units(), logProb: make([]float64, len(t.valid))}
	if e.engine, err = fast.New(of, 0); err != nil {
		return nil, err
	}
	width := m.Columns()
	e.held = e.units.Append32(make([]float32, 0, len(t.valid)*width), t.valid...)
	e.seen = e.units.Append32(make([]float32, 0, len(t.train)*width), t.train...)
	if e.adam, err = fast.NewTrainer(e.engine, e.seen); err != nil {
		return nil, err
	}
	for _, w := range cfg.Weights {
		e.adam.Weights = append(e.adam.Weights, float32(w))
	}
	e.adam.ClipNorm, e.adam.WeightDecay, e.adam.Epsilon = cfg.ClipNorm, cfg.WeightDecay, adamEpsilon
	return e, nil
}

// adamEpsilon is the default of GoMLX's Adam.
const adamEpsilon = 1e-7

func (e *fastEngine) name() string { return EngineFast }

func (e *fastEngine) reload() error {
	e.seen = e.units.Append32(e.seen[:0], e.train...)
	e.adam.SetData(e.seen)
	return nil
}

func (e *fastEngine) steps(first, count int) (outcome, error) {
	if err := e.load(first); err != nil {
		return outcome{}, err
	}
	rows, rates, nll := make([]int32, 0, count*e.cfg.BatchSize), make([]float64, count), make([]float64, count)
	var shares []float64 // of the averages
	for i := range count {
		rows = append(rows, e.batches.at(first+i)...)
		rates[i] = e.cfg.learningRate(first + i)
		if e.cfg.EMADecay > 0 {
			shares = append(shares, e.cfg.averageShare(first+i))
		}
	}
	if made := e.adam.Run(rows, rates, shares, nll); made < count {
		return outcome{bad: made, keptWeights: numbers.Finite(float64(float32(nll[made])))}, nil
	}
	sum := 0.0
	for _, v := range nll {
		sum += v
	}
	return outcome{sum: sum, bad: -1}, e.save()
}

// validate is by the weights of the last steps, or by their average, which the store
// has too.
func (e *fastEngine) validate() ([]float64, error) {
	score := func() { e.engine.LogProb(e.logProb, e.held) }
	if e.cfg.EMADecay > 0 {
		e.adam.WithAverage(score)
	} else {
		score()
	}
	for i := range e.logProb {
		e.logProb[i] += e.units.LogDet()
	}
	return e.logProb, nil
}

// load takes the weights and Adam's state of a step from the store.
func (e *fastEngine) load(step int) error {
	e.adam.SetSteps(step)
	return e.each(func(v *model.Variable, a fast.Arrays, i int) error {
		t, err := v.Value()
		if err != nil {
			return err
		}
		return tensors.ConstFlatData(t, func(values []float32) { a.Set(i, values) })
	})
}

// save writes them to the store.
func (e *fastEngine) save() error {
	err := e.each(func(v *model.Variable, a fast.Arrays, i int) error {
		t := tensors.FromShape(v.Shape())
		if err := tensors.MutableFlatData(t, func(values []float32) { a.Get(i, values) }); err != nil {
			return err
		}
		return v.SetValue(t)
	})
	if err != nil {
		return err
	}
	store, steps := e.model.Store(), e.adam.Steps()
	if err := optimizer.GetGlobalStepVar(store).SetValue(tensors.FromScalar(int64(steps))); err != nil {
		return err
	}
	return store.GetVariable("/" + optimizer.AdamDefaultScope + "/step").SetValue(tensors.FromScalar(float32(steps)))
}

// each calls do for each array of the weights and of their moments, with the variable of
// the store that it belongs to.
func (e *fastEngine) each(do func(v *model.Variable, a fast.Arrays, i int) error) error {
	mean, square := e.adam.Moments()
	for _, part := range []struct {
		arrays       fast.Arrays
		before, name string
	}{
		{e.engine.Weights(), "/", ""},
		{mean, "/" + optimizer.AdamDefaultScope, "_1st_moment"},
		{square, "/" + optimizer.AdamDefaultScope, "_2nd_moment"},
		{e.adam.Average(), averagePrefix, ""},
	} {
		if part.before == averagePrefix && e.cfg.EMADecay == 0 {
			continue
		}
		for i := range part.arrays.Len() {
			if part.before != "/" && part.arrays.Fixed(i) {
				continue
			}
			at := path.Join(part.before, names.FlowPrefix, part.arrays.Name(i)) + part.name
			v := e.model.Store().GetVariable(at)
			if v == nil {
				return fmt.Errorf("fit: there is no variable %s", at)
			}
			if err := do(v, part.arrays, i); err != nil {
				return fmt.Errorf("fit: variable %s: %w", at, err)
			}
		}
	}
	return nil
}
