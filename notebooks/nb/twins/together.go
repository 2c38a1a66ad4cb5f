package twins

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/janpfeifer/must"

	"normflow/flowlib/byhand"
	"normflow/flowlib/dataset"
	"normflow/flowlib/figure"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/notebooks/nb/runs"
)

// Together holds the NLL of every step, in nats, over its batch and before its update, of
// one training made five times: from the same weights, on the same batches, by the same
// Adam.
type Together struct {
	ByHand, Fast, GoMLX     []float64 // in float32
	ByHand64, GoMLX64       []float64 // in float64
	Entropy                 float64   // of the data, nats
	Layers, Steps, NumBatch int
}

// NewTogether makes the given number of steps of 128 events of two moons, five times.
func NewTogether(layers, steps int) Together {
	density := dataset.TwoMoons(0.1)
	x := density.Sample(0, 10_000)
	of := flow.RealNVP(2)
	of.Layers, of.Scaler = layers, must.M1(dataset.NewStandardizer(x))
	fresh := func() *flow.Model { return must.M1(of.NewModel(runs.Backend())) } // same seed, same weights

	cfg := fit.Config{Seed: 1, Steps: steps, BatchSize: 128, LearningRate: 1e-3, Constant: true, EvalEvery: 100}
	graph := func(m *flow.Model, engine string) (nll []float64) {
		cfg := cfg
		cfg.Engine = engine
		stepper := must.M1(fit.NewStepper(m, x, cfg))
		for range steps {
			nll = append(nll, must.M1(stepper.Advance(1)))
		}
		return nll
	}
	plain := byhand.Config{Seed: cfg.Seed, Steps: steps, BatchSize: cfg.BatchSize, LearningRate: cfg.LearningRate, Epsilon: 1e-7} // as in GoMLX's Adam
	units := of.Units()
	flat32 := units.Append32(nil, x...)
	flat := slices.Concat(x...)
	for row := range slices.Chunk(flat, 2) {
		units.Apply(row, row)
	}
	original := func(nlls []float64, err error) []float64 { // in the units of the data
		must.M(err)
		for i := range nlls {
			nlls[i] -= units.LogDet()
		}
		return nlls
	}
	byHand := must.M1(fresh().ByHand())
	return Together{
		ByHand:   original(byhand.Train(context.Background(), byhand.Convert[float32](byHand), flat32, plain)),
		Fast:     graph(fresh(), fit.EngineFast),
		GoMLX:    graph(fresh(), fit.EngineGraph),
		ByHand64: original(byhand.Train(context.Background(), byHand, flat, plain)),
		GoMLX64:  graph(must.M1(fresh().Float64()), fit.EngineGraph),
		Entropy:  density.Entropy,
		Layers:   layers, Steps: steps, NumBatch: cfg.BatchSize,
	}
}

// Curves draws the log-likelihood of the three trainings in float32: one as a line, the
// others as dots on it.
func (t Together) Curves() figure.Chart {
	rows := func(nll []float64, first, every int) (xy [][]float64) {
		for i := min(first, len(nll)-1); i < len(nll); i += every {
			xy = append(xy, []float64{float64(i + 1), -nll[i]})
		}
		return xy
	}
	every := max(2, t.Steps/30)
	return figure.Chart{Name: "three engines", X: "step", Y: "log-likelihood (nats)", Limit: &figure.Mark{Name: "−entropy", Value: -t.Entropy}, Lines: []figure.Line{
		{Name: "GoMLX", XY: rows(t.GoMLX, 0, 1)},
		{Name: "by hand", XY: rows(t.ByHand, 0, every), Dots: true},
		{Name: "fast", XY: rows(t.Fast, every/2, every), Dots: true},
	}}
}

// Differences draws how far trainings deviate from GoMLX's, step by step. Where they are
// equal to the last bit there is no point.
func (t Together) Differences() figure.Chart {
	chart := figure.Chart{Name: "how far from GoMLX", X: "step", Y: "|difference| (nats)", LogY: true}
	for _, pair := range t.pairs() {
		line := figure.Line{Name: pair.name}
		for i := range pair.a {
			if d := math.Abs(pair.a[i] - pair.b[i]); !(d <= 0) { // NaN stays, and the figure refuses it
				line.XY = append(line.XY, []float64{float64(i + 1), d})
			}
		}
		if len(line.XY) > 0 {
			chart.Lines = append(chart.Lines, line)
		}
	}
	return chart
}

// tell is a difference of two NLLs that the eye could tell in a picture, in nats.
const tell = 1e-3

// String says for how long the trainings are one to the eye, and how far apart they are
// in the end.
func (t Together) String() string {
	var b strings.Builder
	for _, pair := range t.pairs() {
		same, last := t.Steps, 0.0
		for i := range pair.a {
			last = math.Abs(pair.a[i] - pair.b[i])
			if !(last < tell) {
				same = min(same, i)
			}
		}
		fmt.Fprintf(&b, "%-16s within %g nats of GoMLX for the first %d of %d steps, %.1g apart at the last\n", pair.name, tell, same, t.Steps, last)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// pair is a training and GoMLX's in the same arithmetic.
type pair struct {
	name string
	a, b []float64
}

func (t Together) pairs() []pair {
	return []pair{{"by hand", t.ByHand, t.GoMLX}, {"fast", t.Fast, t.GoMLX}, {"by hand, float64", t.ByHand64, t.GoMLX64}}
}

// Summary returns the largest differences of the NLLs over the first 10 and the first 50
// steps, in nats.
func (t Together) Summary() map[string]float64 {
	s := map[string]float64{"steps": float64(t.Steps), "batch": float64(t.NumBatch)}
	for _, early := range []struct {
		name  string
		steps int
	}{{"_10", 10}, {"_50", 50}} {
		for name, pair := range map[string][2][]float64{"float32": {t.ByHand, t.GoMLX}, "fast": {t.Fast, t.GoMLX}, "float64": {t.ByHand64, t.GoMLX64}} {
			s[name+early.name] = 0
			for i := range pair[0][:min(early.steps, t.Steps)] {
				s[name+early.name] = max(s[name+early.name], math.Abs(pair[0][i]-pair[1][i]))
			}
		}
	}
	return s
}
