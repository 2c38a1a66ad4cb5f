package fit_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/flow"
)

// After one step from the same weights, w - rate·decay·w is all that decay adds
// to a matrix, and nothing to a bias.
func TestWeightDecay(t *testing.T) {
	one := func(decay float64) []flow.Weight {
		cfg := smallConfig()
		cfg.Steps, cfg.WarmUp, cfg.WeightDecay, cfg.ClipNorm = 1, 0, decay, 1e-3
		m := newModel(t)
		run(t, m, cfg)
		return weights(t, m)
	}
	const decay = 3.0
	start, without, with := weights(t, newModel(t)), one(0), one(decay)
	shrunk := 0.0
	for i, w := range start {
		for j, v := range w.Values {
			want := without[i].Values[j]
			if strings.HasSuffix(w.Path, "/weights") {
				want -= smallConfig().LearningRate * decay * v
				shrunk = max(shrunk, math.Abs(v))
			}
			if got := with[i].Values[j]; !(math.Abs(got-want) <= 1e-6) { // float32
				t.Fatalf("%s[%d] is %g, want %g", w.Path, j, got, want)
			}
		}
	}
	if shrunk < 0.1 {
		t.Errorf("the largest matrix element is %g: the test sees nothing", shrunk)
	}
}

// Adam's first step is rate·g/(|g|+ε), whatever Beta2 is; in the second it weighs
// the squares of two gradients. 0 means 0.999.
func TestBeta2(t *testing.T) {
	run := func(steps int, beta2 float64) []flow.Weight {
		cfg := smallConfig()
		cfg.Steps, cfg.EvalEvery, cfg.WarmUp, cfg.Beta2 = steps, steps, 0, beta2
		m := newModel(t)
		run(t, m, cfg)
		return weights(t, m)
	}
	if !reflect.DeepEqual(run(2, 0), run(2, 0.999)) {
		t.Error("Beta2 of 0 is not 0.999")
	}
	first, second := distance(run(1, 0), run(1, 0.5)), distance(run(2, 0), run(2, 0.5))
	if !(first <= 1e-6) || !(second >= 1e-5) {
		t.Errorf("Beta2 of 0.5 moves the first step by %g, the second by %g; want 0 and more", first, second)
	}
}

// distance is the largest difference between two sets of weights.
func distance(a, b []flow.Weight) float64 {
	far := 0.0
	for i := range a {
		for j := range a[i].Values {
			far = max(far, math.Abs(a[i].Values[j]-b[i].Values[j]))
		}
	}
	return far
}
