package solutions

import (
	"context"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

// learn trains layers on rows of the moons, and returns the flow and the curve.
func learn(layers, rows, steps int) (*flow.Model, fit.Result) {
	cfg := flow.RealNVP(2)
	cfg.Layers = layers
	m := must.M1(cfg.NewModel(must.M1(backend.Open("go"))))
	data := dataset.TwoMoons(0.1).Draw(1, rows, 2000, 0)
	training := fit.Config{Engine: fit.EngineFast, Steps: steps, BatchSize: min(rows, 128), LearningRate: 5e-3, EvalEvery: steps / 10}
	return m, must.M1(fit.Run(context.Background(), m, data.Train, data.Valid, training, nil))
}

// One layer moves one coordinate: the other stays the Gaussian that it was.
func TestOneLayerIsFarFromFour(t *testing.T) {
	moons := dataset.TwoMoons(0.1)
	events := moons.Sample(9, 5000)
	one, _ := learn(1, 5000, 400)
	four, _ := learn(4, 5000, 400)
	far, near := must.M1(eval.KL(one, moons, events)), must.M1(eval.KL(four, moons, events))
	if far.Mean < near.Mean+0.1 || near.Mean < -3*near.SE {
		t.Errorf("KL %.3f with one layer, %.3f ± %.3f with four", far.Mean, near.Mean, near.SE)
	}
}

// Of 50 events a flow learns each by heart: it passes -H on them, and on no others.
func TestFewEventsAreLearnedByHeart(t *testing.T) {
	_, result := learn(6, 50, 1000)
	limit, last := dataset.TwoMoons(0.1).Entropy, result.Curve[len(result.Curve)-1]
	if last.Train > limit || last.Valid < limit {
		t.Errorf("NLL %.3f in training, %.3f in validation, want them on the two sides of H = %.3f", last.Train, last.Valid, limit)
	}
}
