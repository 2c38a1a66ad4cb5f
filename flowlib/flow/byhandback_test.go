package flow_test

import (
	"fmt"
	"slices"
	"testing"

	"normflow/flowlib/byhand"
	"normflow/flowlib/flow"
)

func TestByHandThereAndBack(t *testing.T) {
	eachByHand(t, func(t *testing.T, m *flow.Model, f *byhand.Flow[float64], x [][]float64) {
		if f.NumParameters() != m.NumParameters() {
			t.Errorf("%d parameters by hand, %d in the model", f.NumParameters(), m.NumParameters())
		}
		cfg, err := m.Config()
		if err != nil {
			t.Fatal(err)
		}
		again, err := cfg.NewModel(m.Backend())
		if err != nil {
			t.Fatal(err)
		}
		if again, err = again.Float64(); err != nil {
			t.Fatal(err)
		}
		if err := again.SetWeights(flow.ByHandWeights(f)); err != nil {
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
