package fit

import (
	"errors"
	"math"
	"slices"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

func TestBatchesCoverEachEpochOnce(t *testing.T) {
	const rows, size = 10, 4
	b := newBatches(Config{Seed: 1, BatchSize: size}, rows)
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
	if again := newBatches(Config{Seed: 1, BatchSize: size}, rows).at(3); !slices.Equal(again, seen[3*size:4*size]) {
		t.Errorf("step 3 alone sees %v, in sequence %v", again, seen[3*size:4*size])
	}
}

func TestBatchesInOrder(t *testing.T) {
	b := newBatches(Config{BatchSize: 4, InOrder: true}, 6)
	if first, second := b.at(0), b.at(1); !slices.Equal(first, []int32{0, 1, 2, 3}) || !slices.Equal(second, []int32{4, 5, 0, 1}) {
		t.Errorf("got %v and %v", first, second)
	}
}

// With replacement each row is as likely as another in each draw, batches of
// different steps and places have nothing to do with each other, and a step alone
// sees what it sees in sequence.
func TestBatchesWithReplacementAreUniform(t *testing.T) {
	const rows, size, steps = 60, 50, 400
	cfg := Config{Seed: 5, BatchSize: size, Replacement: true}
	b := newBatches(cfg, rows)
	counts, first, pairs := make([]int, rows), make([]int, rows), make([]int, rows*rows)
	var last []int32
	for step := range steps {
		batch := b.at(step)
		for i, row := range batch {
			counts[row]++
			if step > 0 {
				pairs[int(row)*rows+int(last[i])]++ // of the same place in the step before
			}
		}
		first[batch[0]]++
		last = batch
	}
	if again := newBatches(cfg, rows).at(steps - 1); !slices.Equal(again, last) {
		t.Errorf("the last step alone sees %v, in sequence %v", again, last)
	}
	other := cfg
	other.Seed++
	if slices.Equal(newBatches(other, rows).at(0), newBatches(cfg, rows).at(0)) {
		t.Error("another seed gives the same batch")
	}
	for name, counts := range map[string][]int{"all draws": counts, "the first of each batch": first, "pairs of neighbouring steps": pairs} {
		total := 0
		for _, n := range counts {
			total += n
		}
		want, chi2 := float64(total)/float64(len(counts)), 0.0
		for _, n := range counts {
			chi2 += (float64(n) - want) * (float64(n) - want) / want
		}
		// χ² of k-1 degrees of freedom has mean k-1 and variance 2(k-1). Epochs
		// that see each row once would be far below: at 0, 5 standard deviations.
		free := float64(len(counts) - 1)
		if !(math.Abs(chi2-free) <= 4*math.Sqrt(2*free)) {
			t.Errorf("%s: χ² is %.1f, expected %.0f ± %.1f", name, chi2, free, math.Sqrt(2*free))
		}
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
	cfg.Constant = true
	if first, last := cfg.learningRate(0), cfg.learningRate(109); !(first == 0.2 && last == 2) {
		t.Errorf("constant: from %g to %g, want 0.2 to 2", first, last)
	}
}

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
