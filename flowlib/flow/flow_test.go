package flow_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// randomModel is a small flow away from its identity start.
func randomModel(t *testing.T, features int) *flow.Model {
	t.Helper()
	cfg := flow.RealNVP(features)
	cfg.Layers, cfg.Hidden, cfg.Seed = 4, []int{8, 8}, 3
	cfg.Scaler = &dataset.Standardizer{Mean: make([]float64, features), Std: make([]float64, features)}
	for i := range features {
		cfg.Scaler.Mean[i], cfg.Scaler.Std[i] = float64(i), 0.5+0.5*float64(i)
	}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		for i := range w.Values {
			w.Values[i] += 0.3 * math.Sin(float64(i*i+len(w.Path)))
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSampleDensityEqualsLogProbOfItsDraws(t *testing.T) {
	m := randomModel(t, 3)
	x, logProb, err := m.SampleLogProb(1, 100)
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.LogProb(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x {
		if !(math.Abs(logProb[i]-again[i]) < 1e-3) { // float32, there and back through four layers
			t.Fatalf("draw %d: %g while sampling, %g when scored", i, logProb[i], again[i])
		}
	}
	same, err := m.Sample(1, 100)
	if err != nil || !reflect.DeepEqual(x, same) {
		t.Errorf("the same seed gave another sample (%v)", err)
	}
}

func TestForwardUndoesInverseStateByState(t *testing.T) {
	m := randomModel(t, 2)
	x := [][]float64{{0.3, -1}, {2, 2}}
	down, err := m.Inverse(x)
	if err != nil {
		t.Fatal(err)
	}
	up, err := m.Forward(down[len(down)-1])
	if err != nil {
		t.Fatal(err)
	}
	if len(up) != m.Flow().Couplings()+2 || len(down) != len(up) { // the layers, the scaler, and the start
		t.Fatalf("%d states up, %d down, for %d layers", len(up), len(down), m.Flow().Couplings())
	}
	for s := range up {
		for i := range x {
			for d := range x[i] {
				if a, b := up[s][i][d], down[len(down)-1-s][i][d]; !(math.Abs(a-b) < 1e-4) {
					t.Errorf("state %d, row %d: %g up, %g down", s, i, a, b)
				}
			}
		}
	}
}

func TestScoringInChunksEqualsRowByRow(t *testing.T) {
	m := randomModel(t, 2)
	x, err := m.Sample(2, 4096+70)
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.LogProb(x)
	if err != nil || len(all) != len(x) {
		t.Fatalf("%d densities for %d rows, %v", len(all), len(x), err)
	}
	for _, i := range []int{0, 63, 4095, 4096, len(x) - 1} {
		one, err := m.LogProb(x[i : i+1])
		if err != nil || !(math.Abs(one[0]-all[i]) < 1e-5) {
			t.Errorf("row %d: %v alone, %g among all, %v", i, one, all[i], err)
		}
	}
	if none, err := m.LogProb(nil); err != nil || len(none) != 0 {
		t.Errorf("no rows: got %v, %v", none, err)
	}
}

// So do the states between the layers, and the first row that has no density is told
// wherever its chunk is done.
func TestStatesAndErrorsInChunks(t *testing.T) {
	m := randomModel(t, 2)
	rows := make([][]float64, 10000) // more than two chunks of any backend
	for i := range rows {
		rows[i] = []float64{math.Sin(float64(i)), math.Cos(1.7 * float64(i))}
	}
	all, err := m.Inverse(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []int{0, 511, 512, 4095, 4096, 9990} {
		some, err := m.Inverse(rows[first : first+10])
		if err != nil {
			t.Fatal(err)
		}
		for k := range all {
			if len(all[k]) != len(rows) {
				t.Fatalf("state %d has %d rows", k, len(all[k]))
			}
			for i, row := range some[k] {
				for j, v := range row {
					if got := all[k][first+i][j]; !(math.Abs(got-v) <= 1e-5) {
						t.Errorf("state %d, row %d, feature %d: %g of all rows, %g of ten", k, first+i, j, got, v)
					}
				}
			}
		}
	}
	for _, i := range []int{9900, 5000, 6000} {
		rows[i] = []float64{3e38, 3e38}
	}
	logProb, err := smallModel(t, "glow", 2, 0).LogProb(rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, lp := range logProb {
		if far := i == 9900 || i == 5000 || i == 6000; math.IsInf(lp, -1) != far || math.IsNaN(lp) {
			t.Errorf("row %d has log-density %g", i, lp)
		}
	}
}

func TestImpossibleConfigs(t *testing.T) {
	for want, change := range map[string]func(*flow.Config){
		"features must be":   func(c *flow.Config) { c.Features = 0 },
		"unknown transform":  func(c *flow.Config) { c.Transform = "cubic" },
		"unknown mask":       func(c *flow.Config) { c.Mask = "odd" },
		"unknown base":       func(c *flow.Config) { c.Base = "cauchy" },
		"unknown scale":      func(c *flow.Config) { c.Scale = "sigmoid" },
		"unknown activation": func(c *flow.Config) { c.Activation = "elu" },
		"components must be": func(c *flow.Config) { c.Components = 3 },
		"freedom must be":    func(c *flow.Config) { c.Base = "student" },
		"bins must be":       func(c *flow.Config) { c.Bins = 1 },
		"context must be":    func(c *flow.Config) { c.Context = -1 },
		"must be equal":      func(c *flow.Config) { c.Residual, c.Hidden = true, []int{8, 9} },
		"layers must be":     func(c *flow.Config) { c.Layers = 0 },
		"max_log_scale":      func(c *flow.Config) { c.MaxLogScale = math.NaN() },
		"input_bound":        func(c *flow.Config) { c.InputBound = 0 },
		"hidden widths":      func(c *flow.Config) { c.Hidden = []int{0} },
		"the scaler":         func(c *flow.Config) { c.Scaler = &dataset.Standardizer{Mean: []float64{0}} },
		"found +Inf":         func(c *flow.Config) { c.MaxLogScale = math.Inf(1) },
		"mean NaN": func(c *flow.Config) {
			c.Scaler = &dataset.Standardizer{Mean: []float64{0, math.NaN()}, Std: []float64{1, 1}}
		},
	} {
		cfg := flow.RealNVP(2)
		change(&cfg)
		if _, err := cfg.Build(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestBadRowsAreNamed(t *testing.T) {
	m := randomModel(t, 2)
	for want, x := range map[string][][]float64{
		"row 1 has 3 features": {{1, 2}, {1, 2, 3}},
		"row 0, column 1":      {{1, math.NaN()}},
	} {
		if _, err := m.LogProb(x); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// Weights that are not finite show, wherever the rows lie.
func TestNaNIsAnError(t *testing.T) {
	m := smallModel(t, "glow", 2, 0)
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		if strings.HasSuffix(w.Path, "/out/biases") {
			w.Values[0] = math.NaN()
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	_, err = m.LogProb([][]float64{{0, 0}, {1, 1}})
	if !errors.Is(err, flow.ErrNaN) || !strings.Contains(err.Error(), "row 0") {
		t.Errorf("got %v, want an error that names row 0", err)
	}
}

// Every activation that a Config may name can be built.
func TestActivations(t *testing.T) {
	for _, name := range []string{"relu", "tanh", "silu", "gelu", "leaky_relu", "sigmoid"} {
		cfg := flow.RealNVP(2)
		cfg.Activation, cfg.Layers, cfg.Hidden = name, 1, []int{2}
		if _, err := cfg.NewModel(backendtest.Open(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// With every kind of mask, each feature moves in one of two layers that follow each other.
func TestEveryFeatureMoves(t *testing.T) {
	for _, mask := range []string{"alternating", "halves", "random"} {
		for _, features := range []int{1, 2, 3, 6} {
			cfg := flow.RealNVP(features)
			cfg.Mask, cfg.Layers, cfg.Hidden, cfg.Seed = mask, 2, []int{4}, 3
			m, err := cfg.NewModel(backendtest.Open(t))
			if err != nil {
				t.Fatal(err)
			}
			weights, err := m.Weights()
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range weights {
				for i := range w.Values {
					w.Values[i] += 0.3
				}
			}
			if err := m.SetWeights(weights); err != nil {
				t.Fatal(err)
			}
			x := make([]float64, features)
			states, err := m.Inverse([][]float64{x})
			if err != nil {
				t.Fatal(err)
			}
			for d, z := range states[len(states)-1][0] {
				if z == x[d] {
					t.Errorf("%s masks: feature %d of %d does not move", mask, d, features)
				}
			}
		}
	}
}

// The sizes that the docstrings of the zoo state.
func TestSizes(t *testing.T) {
	for name, want := range map[string]int{"realnvp": 35344, "nsf": 15112} {
		cfg, err := flow.Named(name, 2)
		if err != nil {
			t.Fatal(err)
		}
		m, err := cfg.NewModel(backendtest.Open(t))
		if err != nil || m.NumParameters() != want {
			t.Errorf("%s has %d parameters, documented are %d (%v)", name, m.NumParameters(), want, err)
		}
	}
}
