// Package bijector holds the invertible maps a flow is made of, one per file.
//
// Everything here builds GoMLX graphs: it panics on a programmer's mistake, and
// the Exec that runs the graph returns the panic as an error.
package bijector

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Bijector is a smooth invertible map on R^D whose variables live under scope.
//
// Both methods must reach the same variables when given the same scope, so that
// Inverse(Forward(z)) == z within floating-point error, and the two
// log-determinants sum to zero.
//
// z and x are in the precision of the variables, or in float64 where those are in
// float32: a flow is scored so, since where it is steep a float32 loses digits. What
// is returned is in the precision of what was given.
type Bijector interface {
	// Forward maps z to x = f(z | context), and returns log|det df/dz| in nats.
	// z and x are [B, D]; context is [B, C], or nil; logDet is [B].
	Forward(scope *model.Scope, z, context *Node) (x, logDet *Node)

	// Inverse maps x to z = f⁻¹(x | context), and returns log|det df⁻¹/dx| in nats.
	Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node)
}

// variable returns the one of a name that is there, whatever its precision, or makes
// it.
func Variable(scope *model.Scope, name string, initial model.VariableInitializer, shape shapes.Shape) *model.Variable {
	if v := scope.GetVariable(name); v != nil {
		return v
	}
	return scope.WithInitializer(initial).VariableWithShape(name, shape)
}

// zeroLogDet is the log-determinant of the identity on x, [B].
func zeroLogDet(x *Node) *Node {
	return ZerosLike(ReduceSum(x, -1))
}
