package byhand_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/byhand"
	"normflow/flowlib/dataset"
)

// trained is a small flow after a second or so on two moons, standardized.
func trained(t *testing.T) (moons *dataset.Density, scaler *dataset.Standardizer, f *byhand.Flow[float64]) {
	t.Helper()
	moons = dataset.TwoMoons(0.1)
	rows := moons.Sample(1, 10000)
	scaler, err := dataset.NewStandardizer(rows)
	if err != nil {
		t.Fatal(err)
	}
	f = byhand.New[float64](2, 6, []int{24, 24}, 1)
	for _, row := range rows {
		scaler.Apply(row, row)
	}
	cfg := byhand.DefaultConfig()
	cfg.Steps, cfg.BatchSize, cfg.LearningRate, cfg.Cosine = 1200, 128, 4e-3, true
	nlls, err := byhand.Train(context.Background(), f, slices.Concat(rows...), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(nlls) != cfg.Steps {
		t.Fatalf("%d NLLs of %d steps", len(nlls), cfg.Steps)
	}
	return moons, scaler, f
}

// What is learned is a density: near the truth, never better than it, of integral
// one, and its samples look likely to the truth.
func TestTrainingReachesTheEntropy(t *testing.T) {
	moons, scaler, f := trained(t)
	const n = 10000
	logProb := func(rows [][]float64) (all []float64) {
		for _, row := range rows {
			u := make([]float64, 2)
			scaler.Apply(u, row)
			all = append(all, f.LogProb(u)[0]+scaler.LogDet())
		}
		return all
	}
	nll, se := meanAndError(logProb(moons.Sample(2, n)))
	t.Logf("NLL %.3f ± %.3f, entropy %.3f", -nll, se, moons.Entropy)
	if !(-nll < moons.Entropy+0.15) {
		t.Errorf("NLL %.3f, entropy %.3f: expected to come within 0.15 nats", -nll, moons.Entropy)
	}
	if !(-nll > moons.Entropy-3*se) {
		t.Errorf("NLL %.3f ± %.3f is below the entropy %.3f", -nll, se, moons.Entropy)
	}

	const across = 300 // cells; the density is smooth on their scale, 0.03
	lo, hi := -4.0, 5.0
	cell := (hi - lo) / across
	var grid [][]float64
	for i := range across {
		for j := range across {
			grid = append(grid, []float64{lo + (float64(i)+0.5)*cell, lo + (float64(j)+0.5)*cell})
		}
	}
	integral := 0.0
	for _, lp := range logProb(grid) {
		integral += math.Exp(lp) * cell * cell
	}
	t.Logf("integral %.5f", integral)
	if !(math.Abs(integral-1) <= 0.01) { // 0.01 for the tails beyond the window
		t.Errorf("the density integrates to %g", integral)
	}

	var rows [][]float64
	for row := range slices.Chunk(f.Sample(3, n), 2) {
		scaler.Invert(row, row)
		rows = append(rows, row)
	}
	inside := 0
	for _, lp := range moons.LogProb(rows) {
		if lp > -6 { // 99.9 % of the moons' own mass
			inside++
		}
	}
	if inside < n*95/100 {
		t.Errorf("%d of %d samples lie on the moons", inside, n)
	}
}

func meanAndError(values []float64) (mean, se float64) {
	n, squares := float64(len(values)), 0.0
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(squares / (n - 1) / n)
}

func TestTheSeedGivesTheOrderOfTheBatches(t *testing.T) {
	x := byhand.New[float32](2, 0, nil, 0).Sample(4, 50)
	run := func(seed int64) []float64 {
		f := byhand.New[float32](2, 2, []int{4}, 1)
		nlls, err := byhand.Train(context.Background(), f, x, byhand.Config{Seed: seed, Steps: 20, BatchSize: 8, LearningRate: 1e-2, Epsilon: 1e-8})
		if err != nil {
			t.Fatal(err)
		}
		return nlls
	}
	if first := run(1); !slices.Equal(first, run(1)) || slices.Equal(first, run(2)) {
		t.Error("the same seed gave another curve, or another seed the same")
	}
}

func TestCancelledTrainingSaysWhere(t *testing.T) {
	f := byhand.New[float64](2, 2, []int{4}, 1)
	x := f.Sample(1, 20)
	ctx, cancel := context.WithCancel(context.Background())
	products := 0
	f.Product = func(c, a, b []float64, m, k, n int, aT, bT bool) {
		byhand.MatMul(c, a, b, m, k, n, aT, bT)
		if products++; products == 2*2*4*4+1 { // couplings, dense layers, products of a step: in step 5
			cancel()
		}
	}
	nlls, err := byhand.Train(ctx, f, x, byhand.DefaultConfig())
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "after 5 of 2000 steps") || len(nlls) != 5 {
		t.Errorf("%d steps, error %v", len(nlls), err)
	}
}

func TestNaNInTrainingNamesTheStep(t *testing.T) {
	f := byhand.New[float32](2, 2, []int{4}, 1)
	x := f.Sample(1, 64)
	cfg := byhand.DefaultConfig()
	cfg.LearningRate = 1e38 // float32 ends at 3e38
	if nlls, err := byhand.Train(context.Background(), f, x, cfg); err == nil || !strings.Contains(err.Error(), "the NLL of step 2 is") || len(nlls) != 1 {
		t.Errorf("%d steps, error %v", len(nlls), err)
	}
	f = byhand.New[float32](2, 2, []int{4}, 1)
	cfg.Steps = 1 // nobody looks at the NLL after it
	cfg.LearningRate = 1e39
	if _, err := byhand.Train(context.Background(), f, x, cfg); err == nil || !strings.Contains(err.Error(), "after step 1") {
		t.Errorf("infinite weights at the last step: %v", err)
	}
}

func TestTrainRefuses(t *testing.T) {
	for want, change := range map[string]func(x []float64, c *byhand.Config) []float64{
		"3 numbers to train on":       func(x []float64, c *byhand.Config) []float64 { return x[:3] },
		"0 numbers to train on":       func(x []float64, c *byhand.Config) []float64 { return nil },
		"feature 1 of event 1 is NaN": func(x []float64, c *byhand.Config) []float64 { x[3] = math.NaN(); return x },
		"0 steps of 256":              func(x []float64, c *byhand.Config) []float64 { c.Steps = 0; return x },
		"2000 steps of -1":            func(x []float64, c *byhand.Config) []float64 { c.BatchSize = -1; return x },
		"learning rate NaN":           func(x []float64, c *byhand.Config) []float64 { c.LearningRate = math.NaN(); return x },
		"epsilon 0":                   func(x []float64, c *byhand.Config) []float64 { c.Epsilon = 0; return x },
	} {
		f, cfg := byhand.New[float64](2, 2, []int{4}, 1), byhand.DefaultConfig()
		x := change(f.Sample(1, 10), &cfg)
		if _, err := byhand.Train(context.Background(), f, x, cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error about %q, got %v", want, err)
		}
	}
}
