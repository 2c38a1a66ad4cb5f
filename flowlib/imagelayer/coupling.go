package imagelayer

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/bijector"
	"normflow/flowlib/tree"
)

// Coupling is the coupling layer of images: the channels where the mask is true pass
// unchanged, and through a convolutional [Net] they choose how each number of the other
// channels moves:
//
//	x_frozen = z_frozen
//	x_moving = τ(z_moving; net(clip(z_frozen, ±bound), context))
//	log|det df/dz| = Σ log|∂τ/∂z| over the moving channels of all pixels
//
// τ is a transform of package bijector, such as [bijector.Affine] or [bijector.Spline].
// The clip, at [bijector.DefaultInputBound], is that of [bijector.Coupling].
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, equations 4 and 5 and
// section 3.4; Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039, section 3.3.
type Coupling struct {
	shape     Shape
	mask      bijector.Mask // of the channels
	net       Net
	transform bijector.Transform
}

func init() {
	type form struct {
		Image     Shape                       `json:"image"`
		Mask      string                      `json:"mask"` // a letter for each channel, see [bijector.Mask.String]
		Net       Net                         `json:"net"`
		Transform tree.Of[bijector.Transform] `json:"transform"`
	}
	tree.RegisterAs("image_coupling", func(c *Coupling) form {
		return form{c.shape, c.mask.String(), c.net, tree.Of[bijector.Transform]{Part: c.transform}}
	}, func(f form) (*Coupling, error) {
		mask, err := bijector.ParseMask(f.Mask)
		if err != nil {
			return nil, tree.At("mask", err)
		}
		return NewCoupling(f.Image, mask, f.Net, f.Transform.Part), nil
	})
}

// NewCoupling returns the layer for images of a shape. It panics unless the mask has an
// element for each channel, freezes some and moves some.
func NewCoupling(shape Shape, mask bijector.Mask, net Net, transform bijector.Transform) *Coupling {
	shape.check("a coupling")
	net.check()
	if len(checkMask(mask)) != shape.Channels {
		exceptions.Panicf("imagelayer: a mask of %d channels for an image of %d", len(mask), shape.Channels)
	}
	return &Coupling{shape, mask, net, transform}
}

// Couplings returns 1, see [bijector.Couplings].
func (c *Coupling) Couplings() int { return 1 }

// Forward implements [bijector.Bijector].
func (c *Coupling) Forward(scope *model.Scope, z, context *Node) (x, logDet *Node) {
	return c.move(scope, z, context, c.transform.Forward, true)
}

// Inverse implements [bijector.Bijector].
func (c *Coupling) Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node) {
	return c.move(scope, x, context, c.transform.Inverse, false)
}

func (c *Coupling) move(scope *model.Scope, v, context *Node, transform func(v, raw *Node) (out, logDeriv *Node), drawing bool) (out, logDet *Node) {
	frozen, moving := split(c.mask, c.shape.image(v))
	if context != nil {
		context = clip(context)
	}
	numMoving, numParameters := moving.Shape().Dim(-1), c.transform.NumParameters()
	raw := c.net.raw(scope.At("conditioner"), clip(frozen), context, numParameters*numMoving, drawing)
	moved, logDeriv := moveChannels(moving, raw, numParameters, transform)
	return c.shape.events(merge(c.mask, frozen, moved)), c.shape.perEvent(logDeriv)
}

// moveChannels transforms the channels of images, [B, Height, Width, M], by raw parameters, [B,
// Height, Width, parameters·M]: to a transform every pixel is an event.
func moveChannels(moving, raw *Node, parameters int, transform func(v, raw *Node) (out, logDeriv *Node)) (moved, logDeriv *Node) {
	channels := moving.Shape().Dim(-1)
	rows := moving.Shape().Size() / channels
	raw = TransposeAllAxes(Reshape(ConvertDType(raw, moving.DType()), rows, parameters, channels), 1, 0, 2)
	moved, logDeriv = transform(Reshape(moving, rows, channels), raw)
	return Reshape(moved, moving.Shape().Dimensions...), logDeriv
}

func clip(v *Node) *Node {
	return ClipScalar(v, -bijector.DefaultInputBound, bijector.DefaultInputBound)
}
