package flow_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/flow"
)

// ownFlows hold every part of the library, within each other, over two features and a
// column of context.
func ownFlows() map[string]*flow.Flow {
	coupling := func(flip bool, c bijector.Conditioner, t bijector.Transform) bijector.Bijector {
		return bijector.NewCoupling(bijector.Alternating(2, flip), c, t)
	}
	mlp := bijector.MLP(activation.TypeTanh, 3, 2)
	residual := bijector.ResidualMLP(activation.TypeLeakyRelu, 3, 1)
	linear := bijector.MLP(activation.TypeRelu)
	logit := bijector.NewLogit([]float64{-9, -9}, []float64{9, 9}).Margin(0.1)
	return map[string]*flow.Flow{
		"nothing": flow.New(base.Normal{Features: 2}, nil),
		"affine": flow.New(base.NewDiagNormal(2), bijector.Chain{
			coupling(false, mlp, bijector.Affine{}), coupling(true, residual, bijector.Affine{Scale: bijector.ScaleSoftclip, MaxLogScale: 2}),
			coupling(true, linear, bijector.Affine{Scale: bijector.ScaleExp}), bijector.NewPermutation([]int{1, 0}),
		}),
		"within": flow.New(base.NewMixture(2, 3), bijector.Chain{
			bijector.Chain{}, bijector.Invert{Bijector: bijector.Chain{bijector.NewLU(2), coupling(false, mlp, bijector.Spline{Bins: 4, Bound: 3})}},
			bijector.Invert{Bijector: bijector.Invert{Bijector: bijector.NewActNorm(2)}}, bijector.NewLU(2).Identity(), coupling(true, mlp, bijector.Additive{}), logit,
		}),
		"student": flow.New(base.NewStudentT(3, 4.5), bijector.Chain{
			bijector.NewElementwise([]float64{1, -2}, []float64{0.5, 1e-3}), coupling(false, mlp, bijector.Spline{}),
		}),
		"uniform": flow.New(base.NewUniform([]float64{-20, -21}, []float64{20, 20.5}), bijector.Chain{bijector.Reversal(2)}),
	}
}

// What was composed in any way is saved, and gives the same numbers when it is loaded.
func TestEveryPartIsSaved(t *testing.T) {
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	x := [][]float64{{0.5, -1, 1}, {-2, 3, 0}, {0.1, 0.2, -0.3}}
	for name, f := range ownFlows() {
		t.Run(name, func(t *testing.T) {
			m, err := flow.NewModel(b, f, flow.Settings{Features: 2, Context: 1, Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			weights := randomize(t, m)
			dir := t.TempDir() + "/m"
			if err := m.Save(dir, nil); err != nil {
				t.Fatal(err)
			}
			again, err := flow.Load(b, dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(weights) > 0 && again.NumParameters() != m.NumParameters() {
				t.Errorf("%d parameters, want %d", again.NumParameters(), m.NumParameters())
			}
			want, err := m.LogProb(x)
			if err != nil {
				t.Fatal(err)
			}
			got, err := again.LogProb(x)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if math.Float64bits(got[i]) != math.Float64bits(want[i]) || math.IsInf(want[i], 0) {
					t.Errorf("row %d: %v after loading, %v before", i, got[i], want[i])
				}
			}
		})
	}
}
