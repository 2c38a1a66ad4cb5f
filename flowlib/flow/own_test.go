package flow_test

import (
	"testing"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/flow/flowtest"
)

// The flow of one's own of the example keeps what a flow must.
func TestOwnFlow(t *testing.T) {
	coupling := bijector.NewCoupling(bijector.Halves(2, false), bijector.MLP(activation.TypeTanh, 4), bijector.Affine{})
	chain := bijector.Chain{coupling, Bend{0.5}, bijector.Reversal(2), bijector.NewLogit([]float64{0, 0}, []float64{1, 1}).Margin(0.1)}
	flowtest.Check(t, base.Normal{Features: 2}, chain, 2, 1e-8, bijectortest.Options{Latent: [][2]float64{{-6, 6}, {-6, 6}}, Data: [][2]float64{{0, 1}, {0, 1}}})
}
