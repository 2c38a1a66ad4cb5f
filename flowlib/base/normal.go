// Package base holds the base distributions p_Z that a flow maps to the data.
package base

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Normal is the unit Gaussian over Features dimensions:
//
//	log p(z) = -½ Σ_d z_d² - ½·D·log 2π
type Normal struct {
	Features int
}

// LogProb returns the log-density of each row of z, in nats.
// z is [B, D]; the result is [B]. It panics if z has not D features.
func (n Normal) LogProb(_ *model.Scope, z *Node) *Node {
	z.AssertDims(-1, n.Features)
	halfSquares := MulScalar(ReduceSum(Square(z), -1), -0.5)
	return AddScalar(halfSquares, -0.5*float64(n.Features)*math.Log(2*math.Pi))
}

// Sample draws count latents, [count, D], from the random state of the scope's
// store, and multiplies them by temperature, a scalar.
func (n Normal) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node {
	return Mul(scope.RandomNormal(g, shapes.Make(dtype, count, n.Features)), temperature)
}
