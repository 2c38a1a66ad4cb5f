package fit_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

// averaged trains with a point of the curve after every step and computes on the
// host what the averages must be from the raw weights at each point.
func averaged(t *testing.T, cfg fit.Config) (m *flow.Model, r fit.Result, averages [][]flow.Weight) {
	t.Helper()
	m = newModel(t)
	mean := weights(t, m)
	step := 0.0
	r, err := fit.Run(context.Background(), m, ring(1, 200), ring(2, 100), cfg, func(fit.Point, fit.Config) {
		decay := min(cfg.EMADecay, (1+step)/(10+step))
		step++
		next := weights(t, m)
		for i := range next {
			for j, w := range next[i].Values {
				next[i].Values[j] = decay*mean[i].Values[j] + (1-decay)*w
			}
		}
		mean = next
		averages = append(averages, mean)
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, r, averages
}

// Each point's validation NLL is that of the average, and the model ends with
// the best one. Without warm-up of the rate the raw weights jump about, so the
// two differ by much more than the tolerance.
func TestAverageOfTheWeights(t *testing.T) {
	for _, decay := range []float64{0.3, 0.999} { // after 3 steps of warm-up; warm-up only
		cfg := smallConfig()
		cfg.Steps, cfg.EvalEvery, cfg.WarmUp, cfg.EMADecay = 12, 1, 0, decay
		m, r, averages := averaged(t, cfg)
		best := averages[r.BestStep-1]
		for i, w := range weights(t, m) {
			for j, v := range w.Values {
				if want := best[i].Values[j]; !(math.Abs(v-want) <= 1e-6) { // a dozen roundings of float32
					t.Fatalf("decay %g: %s[%d] is %g, the average by hand is %g", decay, w.Path, j, v, want)
				}
			}
		}
		plain := newModel(t)
		for i, p := range r.Curve {
			if err := plain.SetWeights(averages[i]); err != nil {
				t.Fatal(err)
			}
			logProb, err := plain.LogProb(ring(2, 100))
			if err != nil {
				t.Fatal(err)
			}
			nll := 0.0
			for _, lp := range logProb {
				nll -= lp / float64(len(logProb))
			}
			if !(math.Abs(nll-p.Valid) <= 1e-4) {
				t.Errorf("decay %g, step %d: validation NLL %g, of the average by hand %g", decay, p.Step, p.Valid, nll)
			}
		}
	}
}

// The average is only looked at: training goes the same way with it and without.
func TestAverageDoesNotDisturbTraining(t *testing.T) {
	train := func(decay float64) (last []flow.Weight, curve []fit.Point, m *flow.Model) {
		cfg := smallConfig()
		cfg.EMADecay = decay
		m = newModel(t)
		r, err := fit.Run(context.Background(), m, ring(1, 200), ring(2, 100), cfg, func(fit.Point, fit.Config) { last = weights(t, m) })
		if err != nil {
			t.Fatal(err)
		}
		return last, r.Curve, m
	}
	plain, plainCurve, _ := train(0)
	with, curve, m := train(0.99)
	for i, w := range plain {
		for j, v := range w.Values {
			if !(math.Abs(v-with[i].Values[j]) <= 1e-4) { // XLA fuses the two differently
				t.Fatalf("%s[%d] is %g without an average, %g with", w.Path, j, v, with[i].Values[j])
			}
		}
	}
	if last := len(curve) - 1; math.Abs(curve[last].Valid-plainCurve[last].Valid) <= 1e-6 {
		t.Error("the validation NLL is the same with an average and without")
	}
	for _, w := range weights(t, m) {
		if strings.HasPrefix(w.Path, "/ema") {
			t.Errorf("%s counts as a weight of the model", w.Path)
		}
	}
	if n := newModel(t).NumParameters(); n != m.NumParameters() {
		t.Errorf("the model has %d parameters after training, %d before", m.NumParameters(), n)
	}
}
