// Package bijector holds the invertible maps that a flow is made of, one per file.
//
// Its functions build GoMLX graphs. They panic on a programmer's mistake, and the Exec
// that runs the graph returns the panic as an error.
package bijector

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Bijector is a smooth invertible map on R^D whose variables live under scope.
//
// Both methods must reach the same variables when given the same scope, so that
// Inverse(Forward(z)) == z within floating-point error, and the two log-determinants
// sum to zero.
//
// z and x have the precision of the variables, or are float64 while the variables are
// float32: flows are scored that way, because float32 loses digits where a flow is
// steep. Results have the precision of the input.
type Bijector interface {
	// Forward maps z to x = f(z | context), and returns log|det df/dz| in nats.
	// z and x are [B, D]; context is [B, C], or nil; logDet is [B].
	Forward(scope *model.Scope, z, context *Node) (x, logDet *Node)

	// Inverse maps x to z = f⁻¹(x | context), and returns log|det df⁻¹/dx| in nats.
	Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node)
}

// Couplings returns the number of coupling layers that b is or holds: what its method
// Couplings says, or 0 if it has none.
func Couplings(b Bijector) int {
	if counted, ok := b.(interface{ Couplings() int }); ok {
		return counted.Couplings()
	}
	return 0
}

// Variable returns the named variable in scope, whatever its precision, and creates it
// if it does not exist.
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
