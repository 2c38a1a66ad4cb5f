package fit

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// clipGlobalNorm scales all gradients by min(1, limit/‖all gradients‖). If the
// norm is not finite, because a gradient is not or because it overflows (1.8·10¹⁹
// in float32), all gradients become NaN: limit/∞ = 0 would hide it.
//
// Source: Pascanu et al. 2013, https://arxiv.org/abs/1211.5063, algorithm 1.
func clipGlobalNorm(gradients []*Node, limit float64) {
	var squares *Node
	for _, gradient := range gradients {
		sum := ReduceAllSum(Square(gradient))
		if squares == nil {
			squares = sum
		} else {
			squares = Add(squares, sum)
		}
	}
	// Off by less than rounding where it matters, and finite at zero.
	norm := Sqrt(AddScalar(squares, 1e-30))
	factor := MinScalar(Div(ConstAs(norm, limit), norm), 1)
	factor = Where(IsFinite(norm), factor, ConstAs(norm, math.NaN()))
	for i, gradient := range gradients {
		gradients[i] = Mul(gradient, factor)
	}
}
