package bijector_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
)

var mlp = bijector.MLP(activation.TypeTanh, 8, 8)

// cases is every bijector. All pass the same check; a new one is one more row.
func cases() []bijectortest.Case {
	coupling := func(mask bijector.Mask) bijector.Bijector {
		return bijector.NewCoupling(mask, mlp, bijector.Affine{})
	}
	relu := bijector.MLP(activation.TypeRelu, 16, 16)
	with := func(transform bijector.Transform) bijector.Bijector {
		return bijector.NewCoupling(bijector.Alternating(3, true), mlp, transform)
	}
	tests := []struct {
		name     string
		features int
		b        bijector.Bijector
	}{
		{"empty chain", 3, bijector.Chain{}},
		{"element-wise", 3, bijector.NewElementwise([]float64{1, -2, 0.5}, []float64{0.3, 4, 1})},
		{"act norm", 3, bijector.NewActNorm(3)},
		{"LU, D=1", 1, bijector.NewLU(1)},
		{"LU, D=2", 2, bijector.NewLU(2)},
		{"LU, D=5", 5, bijector.NewLU(5)},
		{"LU, identity start", 3, bijector.NewLU(3).Identity()},
		{"permutation", 5, bijector.NewPermutation([]int{2, 0, 1, 4, 3})},
		{"permutation, reverse", 4, bijector.Reversal(4)},
		{"affine coupling, D=2", 2, coupling(bijector.Alternating(2, false))},
		{"affine coupling, ReLU", 3, bijector.NewCoupling(bijector.Alternating(3, false), relu, bijector.Affine{})},
		{"affine coupling, residual", 3, bijector.NewCoupling(bijector.Alternating(3, false), bijector.ResidualMLP(activation.TypeTanh, 8, 2), bijector.Affine{})},
		{"affine coupling, residual without blocks", 3, bijector.NewCoupling(bijector.Alternating(3, false), bijector.ResidualMLP(activation.TypeTanh, 8, 0), bijector.Affine{})},
		{"affine coupling, D=2, flipped", 2, coupling(bijector.Alternating(2, true))},
		{"affine coupling, odd D", 5, coupling(bijector.Alternating(5, false))},
		{"affine coupling, arbitrary mask", 4, coupling(bijector.Mask{true, false, false, true})},
		{"affine coupling, D=1", 1, coupling(bijector.Mask{false})},
		{"affine coupling, nothing frozen", 2, coupling(bijector.Mask{false, false})},
		{"affine coupling, halves", 5, coupling(bijector.Halves(5, true))},
		{"affine coupling, every other frozen", 6, coupling(bijector.Mask{false, true, false, true, false, true})},
		{"affine coupling, random mask", 5, coupling(bijector.RandomMask(5, 1))},
		{"affine coupling, small bound", 3, with(bijector.Affine{MaxLogScale: 0.5})},
		{"affine coupling, softclip", 3, with(bijector.Affine{Scale: bijector.ScaleSoftclip})},
		{"affine coupling, exp", 3, with(bijector.Affine{Scale: bijector.ScaleExp})},
		{"affine coupling, tight input bound", 3, bijector.NewCoupling(bijector.Alternating(3, true), mlp, bijector.Affine{}).InputBound(1)},
		{"additive coupling", 3, with(bijector.Additive{})},
		{"spline coupling", 3, with(bijector.Spline{})},
		{"spline coupling, D=1", 1, bijector.NewCoupling(bijector.Mask{false}, mlp, bijector.Spline{Bins: 4})},
		{"spline coupling, two bins, small bound", 2, bijector.NewCoupling(bijector.Alternating(2, false), mlp, bijector.Spline{Bins: 2, Bound: 1})},
		{"inverted", 3, bijector.Invert{Bijector: coupling(bijector.Alternating(3, false))}},
		{"chain", 3, bijector.Chain{
			coupling(bijector.Alternating(3, false)), coupling(bijector.Alternating(3, true)),
			bijector.NewElementwise([]float64{0, 1, 2}, []float64{2, 0.5, 1}),
		}},
		{"nested chain", 2, bijector.Chain{bijector.Chain{coupling(bijector.Alternating(2, false))}, coupling(bijector.Alternating(2, true))}},
	}
	var all []bijectortest.Case
	for _, tt := range tests {
		all = append(all, bijectortest.Case{Name: tt.name, Bijector: tt.b, Features: tt.features})
	}
	context := bijectortest.Options{Context: 2}
	unit, unused := [][2]float64{{0, 1}, {0, 1}}, bijectortest.Options{Context: 2, IgnoresContext: true}
	return append(all, []bijectortest.Case{
		{Name: "logit", Features: 2, Bijector: bijector.NewLogit([]float64{-3, 100}, []float64{5, 101}),
			Options: bijectortest.Options{Data: [][2]float64{{-3, 5}, {100, 101}}}},
		{Name: "logit, no margin", Features: 2, Bijector: bijector.NewLogit([]float64{0, 0}, []float64{1, 1}).Margin(0),
			Options: bijectortest.Options{Data: unit}},
		{Name: "logit, inverted", Features: 2, Bijector: bijector.Invert{Bijector: bijector.NewLogit([]float64{0, 0}, []float64{1, 1})},
			Options: bijectortest.Options{Latent: unit}},
		{Name: "logit behind a flow", Features: 2, Options: bijectortest.Options{Data: unit, Context: 3}, Bijector: bijector.Chain{
			coupling(bijector.Alternating(2, false)), bijector.NewActNorm(2), coupling(bijector.Alternating(2, true)),
			bijector.NewLogit([]float64{0, 0}, []float64{1, 1}),
		}},
		{Name: "conditional affine coupling", Features: 3, Bijector: coupling(bijector.Alternating(3, false)), Options: context},
		{Name: "conditional affine coupling, D=1", Features: 1, Bijector: coupling(bijector.Mask{false}), Options: context},
		{Name: "conditional spline coupling", Features: 3, Bijector: with(bijector.Spline{}), Options: context},
		{Name: "conditional residual coupling", Features: 3, Options: context,
			Bijector: bijector.NewCoupling(bijector.Alternating(3, false), bijector.ResidualMLP(activation.TypeTanh, 8, 2), bijector.Affine{})},
		{Name: "conditional chain", Features: 3, Options: context, Bijector: bijector.Chain{
			bijector.NewActNorm(3), bijector.NewLU(3), coupling(bijector.Alternating(3, false)),
			bijector.Invert{Bijector: bijector.Chain{bijector.NewActNorm(3), coupling(bijector.Alternating(3, true))}},
		}},
		{Name: "context for nobody", Features: 3, Options: unused, Bijector: bijector.Chain{
			bijector.NewActNorm(3), bijector.NewLU(3), bijector.Reversal(3), bijector.NewElementwise([]float64{1, 2, 3}, []float64{1, 2, 3}),
		}},
	}...)
}

func TestBijectors(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.Name, func(t *testing.T) {
			// float64 through three random layers loses about four of its sixteen digits.
			worst := bijectortest.CheckWith(t, c.Bijector, c.Features, 1e-10, c.Options)
			t.Logf("largest |log-det - Jacobian| = %.1e", worst)
		})
	}
}

func TestBackendsAgree(t *testing.T) {
	bijectortest.Backends(t, cases())
}

func TestImpossibleMasksPanic(t *testing.T) {
	for name, mask := range map[string]bijector.Mask{
		"D=1":        bijector.Alternating(1, true),
		"all frozen": {true, true},
		"none":       {},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Errorf("mask %v was accepted", mask)
				}
			}()
			bijector.NewCoupling(mask, mlp, bijector.Affine{})
		})
	}
}

// However wild the weights, one layer scales a feature by at most e^max.
func TestLogScaleIsBounded(t *testing.T) {
	const limit = 0.5
	layer := bijector.NewCoupling(bijector.Alternating(2, false), mlp, bijector.Affine{MaxLogScale: limit})
	store := model.NewStore()
	logDet := func(scope *model.Scope, z *graph.Node) *graph.Node {
		_, logDet := layer.Forward(scope, z, nil)
		return logDet
	}
	exec := model.MustNewExec(backendtest.Open(t), store, logDet)
	z := [][]float64{{0, 1}, {0, -2}, {0, 100}}
	exec.MustCall1(z) // creates the weights
	bijectortest.Randomize(store, 10, 1)
	largest := 0.0
	for _, s := range exec.MustCall1(z).Value().([]float64) {
		largest = max(largest, math.Abs(s))
	}
	if !(largest <= limit) || !(largest > 0.9*limit) {
		t.Errorf("largest |log-scale| is %g, want almost %g", largest, limit)
	}
}
