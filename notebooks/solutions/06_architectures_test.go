package solutions

import (
	"testing"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
)

// A chain of one's own takes the test that each of its parts has passed.
func TestChainOfOnesOwn(t *testing.T) {
	coupling := func(first bool, of bijector.Transform) bijector.Bijector {
		return bijector.NewCoupling(bijector.Mask{first, !first}, bijector.MLP(activation.TypeTanh, 16), of)
	}
	chain := bijector.Chain{
		coupling(false, bijector.Spline{Bins: 8, Bound: 5}), bijector.NewActNorm(2), bijector.NewLU(2), coupling(true, bijector.Affine{}),
	}
	bijectortest.Check(t, chain, 2, 1e-6)
}
