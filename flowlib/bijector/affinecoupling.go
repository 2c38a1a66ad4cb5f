package bijector

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

const (
	// DefaultMaxLogScale bounds the log-scale of an affine coupling: one layer
	// stretches or shrinks a feature by at most e³ ≈ 20.
	DefaultMaxLogScale = 3.0

	// DefaultInputBound is where a conditioner's input is cut off. Between the
	// layers of a flow over standardized data hardly a point lies farther out.
	DefaultInputBound = 5.0
)

// AffineCoupling is the RealNVP layer: features where the mask is true pass
// unchanged and choose, through the conditioner, how the others scale and shift.
//
//	x_frozen = z_frozen
//	x_moving = z_moving⊙exp(s) + t,   raw, t = conditioner(clip(z_frozen, ±bound), context)
//	s = max·tanh(raw/max)             smooth, symmetric, |s| < max
//	log|det df/dz| = Σ_moving s
//
// The clip keeps the layer tame where there was no data: a network that is free
// to extrapolate maps a point ten standard deviations out to 10⁷ and back with
// no digit of a float32 left.
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, equations 7 and 8;
// their f runs x -> z, and leaves the bound on s to the network.
type AffineCoupling struct {
	mask        Mask
	conditioner Conditioner
	maxLogScale float64
	inputBound  float64
}

// NewAffineCoupling returns the layer with the log-scale bounded by
// [DefaultMaxLogScale] and the conditioner's input by [DefaultInputBound]. It
// panics on a mask that freezes all features or none.
func NewAffineCoupling(mask Mask, conditioner Conditioner) *AffineCoupling {
	mask.parts()
	return &AffineCoupling{mask: mask, conditioner: conditioner, maxLogScale: DefaultMaxLogScale, inputBound: DefaultInputBound}
}

// MaxLogScale sets the bound on |s|, in nats. It panics unless limit > 0 and
// finite: max·tanh(raw/max) is not a number at infinity.
func (c *AffineCoupling) MaxLogScale(limit float64) *AffineCoupling {
	if !(limit > 0) || math.IsInf(limit, 0) {
		exceptions.Panicf("bijector: the bound on the log-scale must be positive and finite, got %g", limit)
	}
	c.maxLogScale = limit
	return c
}

// InputBound sets the bound on the frozen features as the conditioner sees
// them. It panics unless bound > 0.
func (c *AffineCoupling) InputBound(bound float64) *AffineCoupling {
	if !(bound > 0) {
		exceptions.Panicf("bijector: the bound on the conditioner's input must be positive, got %g", bound)
	}
	c.inputBound = bound
	return c
}

// Forward implements [Bijector].
func (c *AffineCoupling) Forward(scope *model.Scope, z, context *Node) (x, logDet *Node) {
	frozen, moving, logScale, shift := c.params(scope, z, context)
	moved := Add(Mul(moving, Exp(logScale)), shift)
	return c.mask.mergeColumns(frozen, moved), ReduceSum(logScale, -1)
}

// Inverse implements [Bijector]. It costs the same as Forward: the frozen
// features, all the conditioner reads, are equal in z and x.
func (c *AffineCoupling) Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node) {
	frozen, moving, logScale, shift := c.params(scope, x, context)
	moved := Mul(Sub(moving, shift), Exp(Neg(logScale)))
	return c.mask.mergeColumns(frozen, moved), Neg(ReduceSum(logScale, -1))
}

// params parts v, [B, D], by the mask and asks the conditioner for the log-scale
// and shift of the moving features; both have their shape.
func (c *AffineCoupling) params(scope *model.Scope, v, context *Node) (frozen, moving, logScale, shift *Node) {
	v.AssertDims(-1, len(c.mask))
	frozenAt, movingAt := c.mask.parts()
	frozen, moving = takeColumns(v, frozenAt), takeColumns(v, movingAt)
	h := ClipScalar(frozen, -c.inputBound, c.inputBound)
	if context != nil {
		h = Concatenate([]*Node{h, context}, -1)
	}
	params := c.conditioner(scope.At("conditioner"), h, 2*len(movingAt))
	params.AssertDims(-1, 2*len(movingAt))
	raw := Slice(params, AxisRange(), AxisRange(0, len(movingAt)))
	shift = Slice(params, AxisRange(), AxisRangeToEnd(len(movingAt)))
	logScale = MulScalar(Tanh(DivScalar(raw, c.maxLogScale)), c.maxLogScale)
	return frozen, moving, logScale, shift
}
