package flow_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/byhand"
	"normflow/flowlib/flow"
)

func TestByHandThereAndBack(t *testing.T) {
	eachByHand(t, func(t *testing.T, m *flow.Model, f *byhand.Flow[float64], x [][]float64) {
		if f.NumParameters() != m.NumParameters() {
			t.Errorf("%d parameters by hand, %d in the model", f.NumParameters(), m.NumParameters())
		}
		cfg, _ := m.Config()
		if cfg.Mask != "random" { // whose seed is not known by hand
			var err error
			if cfg, err = flow.ByHandConfig(f); err != nil {
				t.Fatal(err)
			}
			cfg.Scaler = m.Settings().Scaler
		}
		again, err := cfg.NewModel(m.Backend())
		if err != nil {
			t.Fatal(err)
		}
		if again, err = again.Float64(); err != nil {
			t.Fatal(err)
		}
		if err := again.SetByHand(f); err != nil {
			t.Fatal(err)
		}
		want, err := m.LogProb(x)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.LogProb(x)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("log-densities %v, before %v (%v)", got, want, err)
		}
	})
}

func TestSetByHandRefusesAnotherFlow(t *testing.T) {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 2, []int{3}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	before, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	fresh := func(change func(*byhand.Flow[float64])) *byhand.Flow[float64] {
		f := byhand.New[float64](2, 2, []int{3}, 1)
		change(f)
		return f
	}
	for want, f := range map[string]*byhand.Flow[float64]{
		"features 3, expected 2":                     byhand.New[float64](3, 2, []int{3}, 1),
		"couplings 1, expected 2":                    byhand.New[float64](2, 1, []int{3}, 1),
		"in coupling 0 layers of widths [4 2]":       byhand.New[float64](2, 2, []int{4}, 1),
		"in coupling 1 the mask [false true]":        fresh(func(f *byhand.Flow[float64]) { f.Layers[1].Mask = f.Layers[0].Mask }),
		"in coupling 1 the bound on inputs 4":        fresh(func(f *byhand.Flow[float64]) { f.Layers[1].InputBound = 4 }),
		"in coupling 0 the bound on the log-scale 2": fresh(func(f *byhand.Flow[float64]) { f.Layers[0].MaxLogScale = 2 }),
		"coupling 1: dense layer 0 has a weight NaN": fresh(func(f *byhand.Flow[float64]) { f.Layers[1].Conditioner[0].B[0] = math.NaN() }),
	} {
		if err := m.SetByHand(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error about %q, got %v", want, err)
		}
	}
	after, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for i := range after {
		if !slices.Equal(after[i].Values, before[i].Values) {
			t.Errorf("a refused flow changed %s", after[i].Path)
		}
	}
	mixed := fresh(func(f *byhand.Flow[float64]) { f.Layers[1].MaxLogScale = 2 })
	if _, err := flow.ByHandConfig(mixed); err == nil || !strings.Contains(err.Error(), "in coupling 1 the bound on the log-scale 2") {
		t.Errorf("a config for couplings of two kinds: %v", err)
	}
}

// byHandPaths gives the weights of f the names GoMLX has for them, spelled out here once more.
func byHandPaths(f *byhand.Flow[float64]) map[string][]float64 {
	all := map[string][]float64{}
	for i, c := range f.Layers {
		for j, l := range c.Conditioner {
			name := fmt.Sprintf("hidden_%d", j)
			if j == len(c.Conditioner)-1 {
				name = "out"
			}
			all[fmt.Sprintf("/flow/%02d/conditioner/%s/weights", i, name)] = l.W
			all[fmt.Sprintf("/flow/%02d/conditioner/%s/biases", i, name)] = l.B
		}
	}
	return all
}
