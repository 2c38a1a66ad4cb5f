package onnx

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	scopes "github.com/gomlx/gomlx/ml/model"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
	parts "normflow/flowlib/tree"
)

// same is a bijector of one's own.
type same struct{}

func init() { parts.Register[same]("same") }

func (same) Forward(_ *scopes.Scope, z, _ *Node) (x, logDet *Node) {
	return z, ReduceSum(ZerosLike(z), -1)
}
func (same) Inverse(_ *scopes.Scope, x, _ *Node) (z, logDet *Node) {
	return x, ReduceSum(ZerosLike(x), -1)
}

// What no graph is made of is refused in a line that names it.
func TestRefuses(t *testing.T) {
	of := func(chain ...bijector.Bijector) *flow.Mixture {
		m := must.M1(flow.NewModel(must.M1(backend.Open("go")), flow.New(base.Normal{Features: 2}, chain), flow.Settings{Features: 2}))
		return must.M1(flow.NewMixture(nil, []flow.Member{{Weight: 1, Saved: must.M1(m.Saved(nil))}}))
	}
	glu := bijector.NewCoupling(bijector.Halves(2, false), bijector.MLP(activation.TypeSwiGLU, 2), bijector.Affine{})
	strange := alone(flow.RealNVP(2))
	strange.Columns = columns.Map{{Kind: "strange"}, {}}
	for want, m := range map[string]*flow.Mixture{
		"flow.chain[1]: there is no same in ONNX files":                             of(bijector.Reversal(2), same{}),
		"flow.chain[0].invert: there is no same":                                    of(bijector.Invert{Bijector: same{}}),
		"flow.chain[0].coupling.conditioner.mlp: there is no activation swi_glu":    of(glu),
		`a column of kind "strange"`:                                                strange,
		"the model is empty":                                                        {},
		"the model has Categories (flow.Mixture), which ONNX files do not hold yet": {Categories: new(categories.Density)},
		"missing values are part of the density, which ONNX files do not hold yet":  {Atoms: &flow.Atoms{Values: [][]float64{{0}, {flow.Missing}}}},
	} {
		if _, err := Score(m, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, expected an error with %q", err, want)
		}
	}
}

// A field that this package does not know is not passed over.
func TestOnlyKnown(t *testing.T) {
	defer func() {
		if refused, ok := recover().(refusal); !ok || !strings.Contains(refused.Error(), "the model has Seed (flow.Settings), which ONNX files do not hold yet") {
			t.Errorf("panicked with %v", refused)
		}
	}()
	onlyKnown(flow.Settings{Features: 2}, "Features")
	onlyKnown(flow.Settings{Features: 2, Seed: 3}, "Features")
}
