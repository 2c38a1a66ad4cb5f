package flow_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/columns"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// An ensemble has the mean of the densities, and is refused for models that treat columns
// in other ways.
func TestEnsemble(t *testing.T) {
	for name, tt := range map[string]struct {
		of     func(t *testing.T) *flow.Mixture
		rows   [][]float64
		change func(m *flow.Mixture)
	}{
		"maps":       {mappedMixture, [][]float64{{0.5, 3}, {7, 20}}, func(m *flow.Mixture) { m.Columns[1].Cut = 5 }},
		"atoms":      {atomic, [][]float64{{0, 5}, {0.5, 2}, {0, 1}}, func(m *flow.Mixture) { m.Atoms.Values[0][0] = 1 }},
		"categories": {categorical, [][]float64{{0, 0.5, 1}, {2, 3, 0}}, func(m *flow.Mixture) { m.Categories.Prior = 11 }},
		"identity":   {categoricalOnly, [][]float64{{0, 0.5, 1}, {2, 3, 0}}, func(m *flow.Mixture) { m.Categories = nil }},
	} {
		a, b := tt.of(t), tt.of(t)
		a.Training, a.Version = []byte("{}"), 7
		last := len(b.Members) - 1
		b.Members[0].Weight, b.Members[last].Weight = b.Members[last].Weight, b.Members[0].Weight
		all, err := flow.Ensemble([]*flow.Mixture{a, b})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		score := func(m *flow.Mixture) []float64 {
			return must.M1(density.LogProb(must.M1(m.Engine(fastEngine)), tt.rows))
		}
		of, got := [2][]float64{score(a), score(b)}, score(all)
		for i, lp := range got {
			if want := math.Log(math.Exp(of[0][i])/2 + math.Exp(of[1][i])/2); !(math.Abs(lp-want) < 1e-9) {
				t.Errorf("%s: row %v has the log-density %g, the mean is %g", name, tt.rows[i], lp, want)
			}
		}
		if slices.Equal(of[0], of[1]) {
			t.Errorf("%s: the models are the same", name)
		}
		tt.change(b)
		if _, err := flow.Ensemble([]*flow.Mixture{a, b}); !errors.Is(err, flow.ErrUnlike) {
			t.Errorf("%s: got %v for models that treat columns in other ways", name, err)
		}
	}
}

// categoricalOnly has no map of the number beside its categories.
func categoricalOnly(t *testing.T) *flow.Mixture {
	m := categorical(t)
	return must.M1(flow.NewCategorical(columns.Map(nil), m.Categories, m.Members))
}
