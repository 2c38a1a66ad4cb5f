package base

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/tree"
)

// Normal is the unit Gaussian over Features dimensions:
//
//	log p(z) = -½ Σ_d z_d² - ½·D·log 2π
//
// It has no variables.
type Normal struct {
	Features int
}

func init() {
	type form struct {
		Features int `json:"features"`
	}
	tree.RegisterAs("normal", func(n Normal) form { return form(n) }, func(f form) (Normal, error) {
		checkFeatures("Normal", f.Features)
		return Normal(f), nil
	})
}

// LogProb returns the log-density of each row of z, in nats. z is [B, D]; the result is
// [B]. It panics unless z has D features.
func (n Normal) LogProb(_ *model.Scope, z *Node) *Node {
	z.AssertDims(-1, n.Features)
	return AddScalar(MulScalar(ReduceSum(Square(z), -1), -0.5), -float64(n.Features)*halfLog2Pi)
}

// Sample draws count latents, [count, D], using the random state of the scope's store.
// temperature multiplies their distance from 0.
func (n Normal) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node {
	return scaled(scope.RandomNormal(g, shapes.Make(dtype, count, n.Features)), temperature)
}

// halfLog2Pi is minus the log-density of one normal feature at its mean.
var halfLog2Pi = 0.5 * math.Log(2*math.Pi)
