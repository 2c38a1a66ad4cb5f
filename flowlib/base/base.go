// Package base holds the base distributions p_Z that a flow maps to the data,
// one per file. Each is a flow.Base: it builds graphs for the log-density of
// latents and for draws at a temperature.
//
// The temperature is a scalar node that multiplies the spread of the draws around
// their centre: 1 leaves the distribution as it is, 0 draws the centre alone. It
// does not change the log-density.
package base

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// scaled multiplies draws, of any shape, by the scalar temperature.
func scaled(draws, temperature *Node) *Node {
	temperature.AssertScalar()
	return Mul(draws, ConvertDType(temperature, draws.DType()))
}

// row is values as a constant [1, D], which goes with latents [B, D]: ranks must match.
func row(g *Graph, dtype dtypes.DType, values []float64) *Node {
	return ConvertDType(Const(g, [][]float64{values}), dtype)
}

// variable returns the variable of a name in the precision of shape, whatever its own:
// that of a model in float32 is read for sums in float64 as well. It is made where it
// is not there.
func variable(scope *model.Scope, g *Graph, name string, initial model.VariableInitializer, shape shapes.Shape) *Node {
	v := scope.GetVariable(name)
	if v == nil {
		v = scope.WithInitializer(initial).VariableWithShape(name, shape)
	}
	return ConvertDType(v.NodeValue(g), shape.DType)
}

func checkFeatures(name string, features int) {
	if features < 1 {
		exceptions.Panicf("base: %s needs at least one feature, found %d", name, features)
	}
}
