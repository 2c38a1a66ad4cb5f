package flow_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/internal/names"
)

// A chain of one's own, of what package fast has, has there the densities of the graph.
func TestOwnChainsOnFast(t *testing.T) {
	mlp, residual := bijector.MLP(activation.TypeTanh, 5, 4), bijector.ResidualMLP(activation.TypeLeakyRelu, 4, 2)
	mask := bijector.Mask{true, false, true}
	chain := bijector.Chain{
		bijector.NewCoupling(mask, mlp, bijector.Affine{}).InputBound(1.5), bijector.NewPermutation([]int{1, 2, 0}),
		bijector.NewCoupling(mask, residual, bijector.Spline{Bins: 5, Bound: 3}), bijector.NewLU(3), bijector.NewActNorm(3),
		bijector.NewPermutation([]int{2, 0, 1}),
		bijector.NewCoupling(mask, bijector.MLP(activation.TypeRelu), bijector.Affine{Scale: bijector.ScaleSoftclip, MaxLogScale: 2}),
		bijector.NewCoupling(bijector.Mask{false, true, true}, mlp, bijector.Additive{}),
	}
	for name, b := range map[string]flow.Base{
		"normal": base.Normal{Features: 3}, "diagnormal": base.NewDiagNormal(3), "mixture": base.NewMixture(3, 4),
		"student": base.NewStudentT(3, 3, 3), "uniform": base.NewUniform([]float64{-50, -50, -50}, []float64{50, 50, 50}),
	} {
		t.Run(name, func(t *testing.T) {
			m := bent(t, flow.New(b, chain))
			saved, err := m.Saved(nil)
			if err != nil {
				t.Fatal(err)
			}
			f, err := saved.Fast()
			if err != nil {
				t.Fatal(err)
			}
			rows := [][]float64{{0.5, -1, 1, 0.3}, {-2, 3, 0, -1}, {0.1, 0.2, -0.3, 9}}
			for d, err := range f.DrawChunks(flow.Sampling{Seed: 1, Count: 40, Context: [][]float64{{0.7}}, Temperature: 0.9}) {
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range d.X {
					rows = append(rows, append(slices.Clone(x), 0.7))
				}
			}
			want, err := m.LogProb(rows)
			if err != nil {
				t.Fatal(err)
			}
			got, err := density.LogProb(f, rows)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if !(math.Abs(got[i]-want[i]) <= 1e-4*max(1, math.Abs(want[i]))) {
					t.Errorf("row %d has %g, expected %g", i, got[i], want[i])
				}
			}
		})
	}
}

// bent returns a model of f, over three features and one of context, whose weights are
// far from where they start.
func bent(t *testing.T, f *flow.Flow) *flow.Model {
	t.Helper()
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	m, err := flow.NewModel(b, f, flow.Settings{Features: 3, Context: 1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for k, w := range weights {
		for i := range w.Values {
			switch name := w.Path[strings.LastIndexByte(w.Path, '/')+1:]; name {
			case "permutation", "sign":
			case names.Initialized:
				w.Values[i] = 1
			default:
				w.Values[i] += 0.2 * math.Sin(float64(3*i+k))
			}
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return m
}

// What package fast does not have is named.
func TestFastNamesWhatItHasNot(t *testing.T) {
	normal := base.Normal{Features: 3}
	coupling := func(c bijector.Conditioner) bijector.Chain {
		return bijector.Chain{bijector.NewLU(3), bijector.NewCoupling(bijector.Alternating(3, false), c, bijector.Affine{})}
	}
	for want, f := range map[string]*flow.Flow{
		"has no logit, found at 1": flow.New(normal, bijector.Chain{bijector.NewLU(3), bijector.NewLogit([]float64{-9, -9, -9}, []float64{9, 9, 9})}),
		"has no invert":            flow.New(normal, bijector.Chain{bijector.Invert{Bijector: bijector.NewLU(3)}}),
		"has no chain":             flow.New(normal, bijector.Chain{bijector.Chain{bijector.NewLU(3)}}),
		"differ in freedom":        flow.New(base.NewStudentT(3, 4, 3), nil),
		"one ±bound":               flow.New(base.NewUniform([]float64{-90, -90, -90}, []float64{90, 90, 91}), nil),
		"without a block":          flow.New(normal, coupling(bijector.ResidualMLP(activation.TypeRelu, 4, 0))),
		"activation":               flow.New(normal, coupling(bijector.MLP(activation.TypeSelu, 4))),
	} {
		saved, err := bent(t, f).Saved(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := saved.Fast(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
