package fit

import (
	"fmt"
	"path"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"normflow/flowlib/byhand"
	"normflow/flowlib/fast"
	"normflow/flowlib/flow"
)

// Engines that make the steps.
const (
	EngineGraph = ""     // automatic differentiation, on the backend of the model
	EngineFast  = "fast" // package fast: gradients by hand, for RealNVP over a unit Gaussian
)

// fastSteps makes steps with package fast. Between two calls all numbers are in the
// store, where a graph would leave them: what checkpoints and explains needs no
// second way.
type fastSteps struct {
	engine                *fast.Engine
	trainer               *fast.Trainer
	units                 flow.Units
	weights, mean, square *byhand.Flow[float64]
	badGradient           bool // the last call ended at a finite NLL, whose gradient is not
}

// newFastSteps returns an error that says what package fast cannot do.
func newFastSteps(m *flow.Model, train [][]float64, cfg Config) (*fastSteps, error) {
	if cfg.EMADecay > 0 || cfg.WeightDecay > 0 {
		return nil, fmt.Errorf("fit: the engine %q has neither ema_decay nor weight_decay, got %g and %g", EngineFast, cfg.EMADecay, cfg.WeightDecay)
	}
	if m.DType != dtypes.Float32 {
		return nil, fmt.Errorf("fit: the engine %q computes in Float32, the model in %s", EngineFast, m.DType)
	}
	f, err := m.ByHand()
	if err != nil {
		return nil, fmt.Errorf("fit: the engine %q cannot train this model: %w", EngineFast, err)
	}
	s := &fastSteps{weights: f, mean: f.Clone(), square: f.Clone(), units: m.Config.Units()}
	if s.engine, err = fast.New(byhand.Convert[float32](f), 0); err != nil {
		return nil, err
	}
	if s.trainer, err = fast.NewTrainer(s.engine, s.flat(train)); err != nil {
		return nil, err
	}
	s.trainer.ClipNorm = cfg.ClipNorm
	s.trainer.Epsilon = adamEpsilon
	return s, nil
}

// adamEpsilon is the default of GoMLX's Adam.
const adamEpsilon = 1e-7

// flat returns rows as package fast takes them.
func (s *fastSteps) flat(rows [][]float64) []float32 {
	return s.units.Append32(make([]float32, 0, len(rows)*s.engine.Features()), rows...)
}

// numbers calls do for each array of the weights and of their moments, with the
// variable of the store that it belongs to.
func (s *fastSteps) numbers(store *model.Store, do func(v *model.Variable, values []float64) error) error {
	for _, part := range []struct {
		flow         *byhand.Flow[float64]
		before, name string
	}{
		{s.weights, "/", ""},
		{s.mean, "/" + optimizer.AdamDefaultScope, "_1st_moment"},
		{s.square, "/" + optimizer.AdamDefaultScope, "_2nd_moment"},
	} {
		for _, w := range flow.ByHandWeights(part.flow) {
			at := path.Join(part.before, w.Path) + part.name
			v := store.GetVariable(at)
			if v == nil {
				return fmt.Errorf("fit: there is no variable %s", at)
			}
			if err := do(v, w.Values); err != nil {
				return fmt.Errorf("fit: variable %s: %w", at, err)
			}
		}
	}
	return nil
}

// load takes the numbers from the store.
func (s *fastSteps) load(store *model.Store, steps int) error {
	err := s.numbers(store, func(v *model.Variable, values []float64) error {
		t, err := v.Value()
		if err != nil {
			return err
		}
		t.MustConstFlatData(func(data any) {
			for i, value := range data.([]float32) {
				values[i] = float64(value)
			}
		})
		return nil
	})
	if err == nil {
		err = s.engine.SetWeights(byhand.Convert[float32](s.weights))
	}
	if err == nil {
		err = s.trainer.Restore(byhand.Convert[float32](s.mean), byhand.Convert[float32](s.square), steps)
	}
	return err
}

// save writes the numbers to the store.
func (s *fastSteps) save(store *model.Store) error {
	weights, mean, square := byhand.Convert[float32](s.weights), byhand.Convert[float32](s.mean), byhand.Convert[float32](s.square)
	steps, err := s.trainer.State(mean, square)
	if err == nil {
		err = s.engine.Weights(weights)
	}
	if err != nil {
		return err
	}
	s.weights, s.mean, s.square = byhand.Convert[float64](weights), byhand.Convert[float64](mean), byhand.Convert[float64](square)
	err = s.numbers(store, func(v *model.Variable, values []float64) error {
		t := tensors.FromShape(v.Shape())
		t.MustMutableFlatData(func(data any) {
			for i, value := range values {
				data.([]float32)[i] = float32(value)
			}
		})
		return v.SetValue(t)
	})
	if err != nil {
		return err
	}
	if err := optimizer.GetGlobalStepVar(store).SetValue(tensors.FromScalar(int64(steps))); err != nil {
		return err
	}
	return store.GetVariable("/" + optimizer.AdamDefaultScope + "/step").SetValue(tensors.FromScalar(float32(steps)))
}

// runFast makes count steps with package fast. See steps.
func (t *trainer) runFast(first, count int) (sum float64, bad int, err error) {
	if err := t.fast.load(t.model.Store, first); err != nil {
		return 0, -1, err
	}
	rows, rates, nll := make([]int32, 0, count*t.cfg.BatchSize), make([]float64, count), make([]float64, count)
	for i := range count {
		rows = append(rows, t.batches.at(first+i)...)
		rates[i] = t.cfg.learningRate(first + i)
	}
	made := t.fast.trainer.Run(rows, rates, nll)
	t.fast.badGradient = made < count && finite(float64(float32(nll[made])))
	if made < count {
		return 0, made, nil
	}
	for _, v := range nll {
		sum += v
	}
	return sum, -1, t.fast.save(t.model.Store)
}

// meanNLL is that of the package's function of the name, by the weights in the store.
func (s *fastSteps) meanNLL(rows [][]float64) float64 {
	logProb := make([]float64, len(rows))
	s.engine.LogProb(logProb, s.flat(rows))
	sum := 0.0
	for _, lp := range logProb {
		sum -= lp
	}
	return sum/float64(len(logProb)) - s.units.LogDet()
}
