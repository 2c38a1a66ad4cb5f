package flow_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// Tables score and map as the graphs of their model, in the units of the data, points
// far out included.
func TestKnotsAgreeWithTheModel(t *testing.T) {
	for _, activation := range []string{"relu", "leaky_relu"} {
		cfg := flow.RealNVP(2)
		cfg.Layers, cfg.Hidden, cfg.Activation = 4, []int{16, 16}, activation
		cfg.Scaler = &dataset.Standardizer{Mean: []float64{-1, 20}, Std: []float64{0.5, 3}}
		rng := rand.New(rand.NewPCG(5, 6))
		m := randomWeights(t, cfg, rng)
		k, err := m.Knots()
		if err != nil {
			t.Fatal(err)
		}
		x := [][]float64{{-1, 20}, {1.5, 20}, {-3.5, 35}, {-1000, 20}, {-1, -9999}}
		for range 40 {
			x = append(x, []float64{-1 + rng.NormFloat64(), 20 + 6*rng.NormFloat64()})
		}
		want, err := m.LogProb(x)
		if err != nil {
			t.Fatal(err)
		}
		states, err := m.Inverse(x)
		if err != nil {
			t.Fatal(err)
		}
		u := standardized(m, x)
		got := k.LogProb(u)
		for i := range got {
			got[i] += m.Units().LogDet()
		}
		z, _ := k.Inverse(u)
		wantClose(t, activation+": log p", got, want)
		wantClose(t, activation+": z", z, slices.Concat(states[len(states)-1]...))
	}
}

func TestKnotsOfOtherModels(t *testing.T) {
	for change, want := range map[string]func(c *flow.Config){
		"activation tanh": func(c *flow.Config) { c.Activation = "tanh" },
		"lu true":         func(c *flow.Config) { c.LU = true },
		"3 features":      func(c *flow.Config) { c.Features = 3 },
	} {
		cfg := flow.RealNVP(2)
		cfg.Layers, cfg.Hidden = 2, []int{4}
		want(&cfg)
		if _, err := randomWeights(t, cfg, rand.New(rand.NewPCG(1, 1))).Knots(); err == nil || !strings.Contains(err.Error(), change) {
			t.Errorf("%s: got %v", change, err)
		}
	}
}
