package imagelayer

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/bijector"
	"normflow/flowlib/tree"
)

// Dequantizer is variational dequantization as a layer. Whole numbers n, to which uniform
// noise u from [0, 1) was added, keep their cell, and the noise moves within it, by curves
// that a [Net] chooses from all whole numbers of the image:
//
//	z = n + g(u; n),   log|det dz/dx| = ln|det ∂g/∂u|
//
// g is two couplings of [bijector.Spline] on [0, 1], first of the white squares of a
// checkerboard given the black ones, then of the black ones given the white ones. With
// v = g(u; n), whose density is q(v | n) = 1/|det ∂g/∂u|, the mean over uniform noise of the
// log-density of a flow p behind this layer is the bound of variational dequantization:
//
//	E_u[ln p(n + g(u; n)) + ln|det ∂g/∂u|] = E_v[ln p(n+v) - ln q(v | n)] ≤ ln P(n)
//
// It is trained and judged as every layer is, and a new one leaves the noise uniform. Numbers
// beyond [0, Levels] pass unchanged.
//
// Noise fills its cell but for a margin of Levels/2¹⁷ at both ends, which costs less than
// Levels/2¹⁵ bits per dimension: behind this layer are others, and a number that they bring back
// to another cell, for rounding, would change the curves of all others. What is drawn in a
// margin goes to the end of its cell.
//
// Source: Ho et al. 2019, https://arxiv.org/abs/1902.00275, section 3.1.
type Dequantizer struct {
	squeeze *Squeeze2x2
	levels  int
	net     Net
	noise   bijector.Spline
	margin  float64 // of a cell at both ends; 0 in files of before there was one
}

func init() {
	type form struct {
		Image  Shape `json:"image"`
		Levels int   `json:"levels"`
		Net    Net   `json:"net"`
		Bins   int   `json:"bins"`

		Margin float64 `json:"margin,omitempty"`
	}
	tree.RegisterAs("image_dequantizer", func(d *Dequantizer) form {
		return form{d.squeeze.shape, d.levels, d.net, d.noise.Bins, d.margin}
	}, func(f form) (*Dequantizer, error) {
		if !(f.Margin >= 0 && f.Margin <= 0.25) {
			return nil, tree.At("margin", fmt.Errorf("found %g, expected 0 to 0.25", f.Margin))
		}
		d := NewDequantizer(f.Image, f.Levels, f.Net, f.Bins)
		d.margin = f.Margin
		return d, nil
	})
}

// NewDequantizer returns the layer for images of a shape, of so many levels; the curves have
// that many bins. It panics unless height and width are even.
func NewDequantizer(shape Shape, levels int, net Net, bins int) *Dequantizer {
	net.check()
	if levels < 2 || levels > 256 || bins < 1 || bins > bijector.MaxBins {
		exceptions.Panicf("imagelayer: a dequantizer of %d levels with curves of %d bins, expected 2 to 256 levels and 1 to %d bins", levels, bins, bijector.MaxBins)
	}
	return &Dequantizer{NewSqueeze2x2(shape), levels, net, bijector.Spline{Bins: bins, Bound: 1}, float64(max(levels, 4)) / (1 << 17)}
}

// Inverse implements [bijector.Bijector].
func (d *Dequantizer) Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node) {
	return d.move(scope, x, context, d.noise.Inverse, 0, 1)
}

// Forward implements [bijector.Bijector].
func (d *Dequantizer) Forward(scope *model.Scope, z, context *Node) (x, logDet *Node) {
	return d.move(scope, z, context, d.noise.Forward, 1, 0)
}

// move applies the couplings in the given order; the first of them moves the white squares.
func (d *Dequantizer) move(scope *model.Scope, x, context *Node, curve func(v, raw *Node) (out, logDeriv *Node), order ...int) (out, logDet *Node) {
	forward := order[0] == 1
	inside := LogicalAnd(GreaterOrEqual(x, ZerosLike(x)), LessThan(x, MulScalar(OnesLike(x), float64(d.levels))))
	whole := StopGradient(Floor(ClipScalar(x, 0, float64(d.levels)-0.5)))
	noise := Sub(x, whole)
	if forward && d.margin > 0 {
		within := DivScalar(AddScalar(noise, -d.margin), 1-2*d.margin)
		noise = Where(inside, ClipScalar(within, 0, 1), noise)
	}
	noise = MulScalar(AddScalar(noise, -0.5), 2) // from -1 to 1
	shape := d.squeeze.Squeezed()
	if context != nil {
		context = clip(context)
	}
	seen, _ := d.squeeze.Inverse(scope, AddScalar(MulScalar(whole, 2/float64(d.levels)), -1), nil)
	noise, _ = d.squeeze.Inverse(scope, noise, nil)
	for i, mask := range order {
		frozen, moving := split(Checkerboard(shape.Channels, mask == 1), shape.image(noise))
		raw := d.net.raw(scope.At("noise_%d", mask), Concatenate([]*Node{clip(frozen), shape.image(seen)}, -1), context, d.noise.NumParameters()*moving.Shape().Dim(-1), forward)
		moved, logDeriv := moveChannels(moving, raw, d.noise.NumParameters(), curve)
		noise = shape.events(merge(Checkerboard(shape.Channels, mask == 1), frozen, moved))
		if each := shape.perEvent(logDeriv); i == 0 {
			logDet = each
		} else {
			logDet = Add(logDet, each)
		}
	}
	noise, _ = d.squeeze.Forward(scope, noise, nil)
	moved := AddScalar(MulScalar(noise, 0.5), 0.5)
	slope := math.Log1p(-2 * d.margin)
	if forward {
		slope = -slope
	} else {
		moved = AddScalar(MulScalar(moved, 1-2*d.margin), d.margin)
	}
	logDet = Add(logDet, MulScalar(ReduceSum(ConvertDType(inside, x.DType()), -1), slope))
	return Where(inside, Add(whole, MinScalar(moved, 1-cellMargin(x.DType()))), x), logDet
}

// cellMargin is how far from the ends of its cell, as a share of it, a number stays so that
// rounding does not send it into the next one.
func cellMargin(dtype dtypes.DType) float64 {
	if dtype == dtypes.Float64 {
		return 1.0 / (1 << 44)
	}
	return 1.0 / (1 << 15)
}
