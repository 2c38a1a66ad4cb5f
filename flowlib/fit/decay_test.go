package fit_test

import (
	"math"
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
