package bench

import (
	"normflow/flowlib/backend"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/internal/names"
	"normflow/internal/safetensors"
)

// gomlx is packages flow and fit on one of GoMLX's backends.
type gomlx struct {
	model    *flow.Model
	features int
	stepper  *fit.Stepper // nil if nothing is trained
}

func openGoMLX(name string, s Start) (Engine, error) {
	b, err := backend.Open(name)
	if err != nil {
		return nil, err
	}
	e := &gomlx{features: s.Features}
	if e.model, err = config(s.Model, s.Features).NewModel(b); err != nil {
		return nil, err
	}
	if s.Weights != "" {
		f, err := safetensors.Read(s.Weights)
		if err != nil {
			return nil, err
		}
		if err := safetensors.ToStore(e.model.Store(), names.FlowPrefix, f.Tensors); err != nil {
			return nil, err
		}
	}
	if s.Batch > 0 {
		cfg := fit.Config{Steps: 1 << 30, BatchSize: s.Batch, LearningRate: learningRate, Constant: true, InOrder: true, EvalEvery: stepsPerCall}
		if e.stepper, err = fit.NewStepper(e.model, rows64(s.Points, s.Features), cfg); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// stepsPerCall is how many steps the device makes per call, as in [fit.DefaultConfig].
const stepsPerCall = 100

func (e *gomlx) NumParameters() int { return e.model.NumParameters() }

func (e *gomlx) Train(count int) (nll float64, err error) {
	if count > 1 {
		if _, err := e.stepper.Advance(count - 1); err != nil {
			return 0, err
		}
	}
	return e.stepper.Advance(1)
}

func (e *gomlx) LogProb(out, x []float32) error {
	logProb, err := e.model.LogProb(rows64(x, e.features))
	for i, lp := range logProb {
		out[i] = float32(lp)
	}
	return err
}

func (e *gomlx) Sample(x []float32, seed int64) error {
	draws, err := e.model.Sample(seed, len(x)/e.features)
	for i, row := range draws {
		for d, v := range row {
			x[i*len(row)+d] = float32(v)
		}
	}
	return err
}

// rows64 copies points, [n, D].
func rows64(points []float32, d int) [][]float64 {
	flat := make([]float64, len(points))
	rows := make([][]float64, len(points)/d)
	for i, v := range points {
		flat[i] = float64(v)
	}
	for i := range rows {
		rows[i] = flat[i*d : (i+1)*d : (i+1)*d]
	}
	return rows
}
