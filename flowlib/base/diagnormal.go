package base

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"normflow/flowlib/tree"
)

// DiagNormal is a Gaussian with a trained mean μ and log-scale s for each feature. It
// starts as the unit Gaussian:
//
//	log p(z) = Σ_d (-½ ((z_d - μ_d)·e^-s_d)² - s_d) - ½·D·log 2π
//
// Its variables are "location" and "log_scale", each [D]. It equals an element-wise
// affine bijector on top of [Normal].
type DiagNormal struct {
	features int
}

func init() {
	type form struct {
		Features int `json:"features"`
	}
	tree.RegisterAs("diagnormal", func(n *DiagNormal) form { return form{n.features} },
		func(f form) (*DiagNormal, error) { return NewDiagNormal(f.Features), nil })
}

// NewDiagNormal panics unless features >= 1.
func NewDiagNormal(features int) *DiagNormal {
	checkFeatures("DiagNormal", features)
	return &DiagNormal{features: features}
}

// LogProb returns the log-density of each row of z, in nats. z is [B, D]; the result is
// [B]. It panics unless z has D features.
func (n *DiagNormal) LogProb(scope *model.Scope, z *Node) *Node {
	z.AssertDims(-1, n.features)
	location, logScale := n.variables(scope, z.Graph(), z.DType())
	u := Mul(Sub(z, location), Exp(Neg(logScale)))
	terms := Sub(MulScalar(Square(u), -0.5), logScale)
	return AddScalar(ReduceSum(terms, -1), -float64(n.features)*halfLog2Pi)
}

// Sample draws count latents, [count, D], using the random state of the scope's store.
// temperature multiplies their distance from the mean.
func (n *DiagNormal) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node {
	location, logScale := n.variables(scope, g, dtype)
	u := scaled(scope.RandomNormal(g, shapes.Make(dtype, count, n.features)), temperature)
	return Add(location, Mul(Exp(logScale), u))
}

// variables returns μ and s, both [1, D].
func (n *DiagNormal) variables(scope *model.Scope, g *Graph, dtype dtypes.DType) (location, logScale *Node) {
	zero := func(name string) *Node {
		return ExpandDims(variable(scope, g, name, initializer.Zero, shapes.Make(dtype, n.features)), 0)
	}
	return zero("location"), zero("log_scale")
}
