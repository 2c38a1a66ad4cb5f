package fast_test

import (
	"testing"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/flow"
)

// chains are flows, over three features and one of context, of parts that no config of the
// zoo puts together: permutations, masks that freeze one feature or two, and networks and
// transforms that differ from layer to layer.
func chains() map[string]func(t *testing.T) *flow.Model {
	mlp := func(act activation.Type) bijector.Conditioner { return bijector.MLP(act, 5, 4) }
	residual := func(act activation.Type) bijector.Conditioner { return bijector.ResidualMLP(act, 6, 2) }
	one, two := bijector.Mask{true, false, false}, bijector.Mask{false, true, true}
	all := map[string]bijector.Chain{
		"chain": {
			bijector.NewCoupling(one, mlp(activation.TypeTanh), bijector.Affine{}).InputBound(1.5), bijector.NewPermutation([]int{1, 2, 0}),
			bijector.NewCoupling(two, residual(activation.TypeLeakyRelu), bijector.Spline{Bins: 5, Bound: 3}), bijector.NewLU(3), bijector.NewActNorm(3),
			bijector.NewPermutation([]int{2, 0, 1}), bijector.NewCoupling(two, mlp(activation.TypeGelu), bijector.Additive{}),
		},
		"chain, residual": {
			bijector.NewCoupling(one, residual(activation.TypeGelu), bijector.Affine{Scale: bijector.ScaleSoftclip, MaxLogScale: 2}),
			bijector.NewPermutation([]int{2, 1, 0}), bijector.NewActNorm(3),
			bijector.NewCoupling(one, residual(activation.TypeTanh), bijector.Additive{}), bijector.NewLU(3),
			bijector.NewCoupling(two, residual(activation.TypeSigmoid), bijector.Spline{Bins: 4, Bound: 5}),
		},
		"chain, smooth spline": {
			bijector.NewCoupling(one, mlp(activation.TypeSilu), bijector.Spline{Bins: 8, Bound: 4}), bijector.NewPermutation([]int{1, 2, 0}),
			bijector.NewCoupling(two, mlp(activation.TypeSigmoid), bijector.Spline{Bins: 8, Bound: 4}),
		},
	}
	models := map[string]func(t *testing.T) *flow.Model{}
	for name, chain := range all {
		for kind, base := range map[string]flow.Base{"mixture": base.NewMixture(3, 4), "student": base.NewStudentT(3, 3, 3)} {
			models[name+", "+kind] = func(t *testing.T) *flow.Model {
				b, err := backend.Open("go")
				if err != nil {
					t.Fatal(err)
				}
				m, err := flow.NewModel(b, flow.New(base, chain), flow.Settings{Features: 3, Context: 1, Seed: 3})
				if err != nil {
					t.Fatal(err)
				}
				return rough(t, m)
			}
		}
	}
	return models
}
