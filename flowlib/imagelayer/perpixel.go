package imagelayer

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
	"normflow/flowlib/tree"
)

// perPixel applies one bijector, whose features are the channels, to every pixel of an
// image. The log-determinants of the pixels add up.
type perPixel struct {
	shape Shape
	of    bijector.Bijector
}

func (p perPixel) Forward(scope *model.Scope, z, _ *Node) (x, logDet *Node) {
	x, logDet = p.of.Forward(scope, p.shape.pixels(z), nil)
	return p.shape.events(x), p.shape.perEvent(logDet)
}

func (p perPixel) Inverse(scope *model.Scope, x, _ *Node) (z, logDet *Node) {
	z, logDet = p.of.Inverse(scope, p.shape.pixels(x), nil)
	return p.shape.events(z), p.shape.perEvent(logDet)
}

// Conv1x1 is Glow's invertible 1×1 convolution: the channels of every pixel are mixed by
// the same matrix, a [bijector.LU].
//
//	z[h, w] = W·x[h, w],   log|det dz/dx| = Height·Width·log|det W|
//
// Source: Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039, section 3.2.
type Conv1x1 struct{ perPixel }

// NewConv1x1 starts at a random rotation of the channels.
func NewConv1x1(shape Shape) *Conv1x1 {
	shape.check("a 1×1 convolution")
	return &Conv1x1{perPixel{shape, bijector.NewLU(shape.Channels)}}
}

// ActNorm is a trained affine map of each channel, the same at every pixel, which starts
// where the first batch leaves it with mean 0 and standard deviation 1: a
// [bijector.ActNorm] over the channels of all pixels.
//
// Source: Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039, section 3.1.
type ActNorm struct{ perPixel }

// NewActNorm is the identity until Initialize.
func NewActNorm(shape Shape) *ActNorm {
	shape.check("an ActNorm")
	return &ActNorm{perPixel{shape, bijector.NewActNorm(shape.Channels)}}
}

// Initialize implements [bijector.DataDependent].
func (a *ActNorm) Initialize(scope *model.Scope, v, _ *Node, forward bool) {
	a.of.(bijector.DataDependent).Initialize(scope, a.shape.pixels(v), nil, forward)
}

func init() {
	tree.RegisterAs("image_conv1x1", func(c *Conv1x1) Shape { return c.shape },
		func(s Shape) (*Conv1x1, error) { return NewConv1x1(s), nil })
	tree.RegisterAs("image_actnorm", func(a *ActNorm) Shape { return a.shape },
		func(s Shape) (*ActNorm, error) { return NewActNorm(s), nil })
}
