// Package base holds the base distributions p_Z that a flow maps to the data, one per
// file. Each implements flow.Base: it builds graphs that compute the log-density of
// latents and that draw latents at a temperature.
//
// The temperature is a scalar node that multiplies the spread of the draws around their
// center: 1 leaves the distribution as it is, 0 draws only the center. It does not
// change the log-density.
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

// row returns values as a constant, [1, D], of the same rank as latents, [B, D].
func row(g *Graph, dtype dtypes.DType, values []float64) *Node {
	return ConvertDType(Const(g, [][]float64{values}), dtype)
}

// variable returns the named variable, converted to the precision of shape: a float32
// model is also evaluated in float64. It creates the variable if it does not exist.
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
