package fit

import (
	"errors"
	"math"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

// The loop on the device and one call per step are the same computation, that of
// the averages included.
func TestLoopEqualsSteps(t *testing.T) {
	b := backendtest.Open(t)
	if backend.Name(b) == "go" {
		t.Skip("the pure-Go backend has no loop: run with FLOW_TEST_BACKEND=xla:cpu")
	}
	fc := flow.RealNVP(2)
	fc.Layers, fc.Hidden = 2, []int{8}
	cfg := Config{Steps: 25, BatchSize: 16, LearningRate: 1e-2, ClipNorm: 1, EvalEvery: 10, EMADecay: 0.9, WeightDecay: 0.1, Replacement: true}
	train := [][]float64{}
	for i := range 64 {
		train = append(train, []float64{float64(i%8) - 4, math.Sin(float64(i))})
	}
	var sums [2]float64
	var final [2][]flow.Weight // weights, then averages
	for i, open := range []func(*trainer) (engine, error){
		func(t *trainer) (engine, error) { return newLoop(t) },
		func(t *trainer) (engine, error) { return newStepwise(t, 1) },
	} {
		m, err := fc.NewModel(b)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := newTrainer(m, train, nil, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if tr.engine, err = open(tr); err != nil {
			t.Fatal(err)
		}
		if err := tr.startAverages(); err != nil {
			t.Fatal(err)
		}
		for first := 0; first < cfg.Steps; first += cfg.EvalEvery {
			count := min(cfg.EvalEvery, cfg.Steps-first) // the last call makes fewer
			nll, err := tr.run(first, count, nil)
			if err != nil {
				t.Fatal(err)
			}
			sums[i] += nll
		}
		keep := func() error {
			w, err := m.Weights()
			final[i] = append(final[i], w...)
			return err
		}
		if err := errors.Join(keep(), tr.withAverages(keep)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(final[0]); n != 16 || final[0][0].Values[0] == final[0][n/2].Values[0] {
		t.Fatalf("%d weights and averages, expected 16; the first of both are %g and %g", n, final[0][0].Values[0], final[0][n/2].Values[0])
	}
	// float32 rounding, fused differently, over 25 steps
	if !(math.Abs(sums[0]-sums[1]) <= 1e-4) {
		t.Errorf("sum of NLLs: %g in a loop, %g step by step", sums[0], sums[1])
	}
	for i, w := range final[0] {
		for j, v := range w.Values {
			if !(math.Abs(v-final[1][i].Values[j]) <= 1e-3) {
				t.Fatalf("%s[%d]: %g in a loop, %g step by step", w.Path, j, v, final[1][i].Values[j])
			}
		}
	}
}
