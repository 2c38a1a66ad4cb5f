package fit

import (
	"math"
	"slices"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

func TestBatchesCoverEachEpochOnce(t *testing.T) {
	const rows, size = 10, 4
	b := newBatches(1, rows, size)
	var seen []int32
	for step := range 5 { // two epochs, batches straddle the boundary
		seen = append(seen, b.at(step)...)
	}
	for epoch := range 2 {
		once := slices.Clone(seen[epoch*rows : (epoch+1)*rows])
		slices.Sort(once)
		if !slices.Equal(once, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("epoch %d visits %v", epoch, once)
		}
	}
	if again := newBatches(1, rows, size).at(3); !slices.Equal(again, seen[3*size:4*size]) {
		t.Errorf("step 3 alone sees %v, in sequence %v", again, seen[3*size:4*size])
	}
}

func TestLearningRateSchedule(t *testing.T) {
	cfg := Config{Steps: 110, WarmUp: 10, LearningRate: 2}
	for step, want := range map[int]float64{0: 0.2, 9: 2, 10: 2, 60: 1} {
		if got := cfg.learningRate(step); !(math.Abs(got-want) <= 1e-12) {
			t.Errorf("step %d: %g, want %g", step, got, want)
		}
	}
	if last := cfg.learningRate(109); !(last > 0 && last <= 0.001) {
		t.Errorf("last step: %g, want almost 0", last)
	}
}

// The loop on the device and one call per step are the same computation.
func TestLoopEqualsSteps(t *testing.T) {
	b := backendtest.Open(t)
	if backend.Name(b) == "go" {
		t.Skip("the pure-Go backend has no loop: run with FLOW_TEST_BACKEND=xla:cpu")
	}
	fc := flow.DefaultConfig(2)
	fc.Layers, fc.Hidden = 2, []int{8}
	cfg := Config{Steps: 30, BatchSize: 16, LearningRate: 1e-2, ClipNorm: 1, EvalEvery: 10}
	train := [][]float64{}
	for i := range 64 {
		train = append(train, []float64{float64(i%8) - 4, math.Sin(float64(i))})
	}
	var sums [2]float64
	var final [2][]flow.Weight
	for i, inLoop := range []bool{true, false} {
		m, err := flow.NewModel(b, fc)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := newTrainer(m, train, cfg, inLoop)
		if err != nil {
			t.Fatal(err)
		}
		for first := 0; first < cfg.Steps; first += cfg.EvalEvery {
			nll, err := tr.run(first, cfg.EvalEvery)
			if err != nil {
				t.Fatal(err)
			}
			sums[i] += nll
		}
		if final[i], err = m.Weights(); err != nil {
			t.Fatal(err)
		}
	}
	// float32 rounding, fused differently, over 30 steps
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
