package imagelayer

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/bijector"
	"normflow/flowlib/tree"
)

// FactorOut is one step of a pyramid: on the way to the latents, the first Keep channels
// go on through the bijectors of the coarser scales, and the others leave as they are.
// The event of its latents begins with those of the scales inside.
//
//	z = (f⁻¹(x[:, :, :Keep]), x[:, :, Keep:]),   log|det dz/dx| is that of f⁻¹
//
// What leaves should be normal given what stays. A [Coupling] before it, on the side of
// the data, that freezes the first Keep channels is the learned prior of Glow: with
// [bijector.Affine] it says that x_leaving ~ N(μ(x_kept), σ(x_kept)²).
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, section 3.6 and equations
// 13 to 15; the learned prior is in the code of Glow,
// https://github.com/openai/glow, function split2d_prior of model.py.
type FactorOut struct {
	shape Shape
	keep  int
	inner bijector.Chain
}

func init() {
	type form struct {
		Image Shape                        `json:"image"`
		Keep  int                          `json:"keep"`
		Inner []tree.Of[bijector.Bijector] `json:"inner"`
	}
	tree.RegisterAs("image_factor_out", func(f *FactorOut) form {
		return form{f.shape, f.keep, tree.List[bijector.Bijector](f.inner)}
	}, func(f form) (*FactorOut, error) {
		return NewFactorOut(f.Image, f.Keep, tree.Parts(f.Inner)), nil
	})
}

// NewFactorOut panics unless at least one channel stays and one leaves.
func NewFactorOut(shape Shape, keep int, inner bijector.Chain) *FactorOut {
	shape.check("a factor-out")
	if keep < 1 || keep >= shape.Channels {
		exceptions.Panicf("imagelayer: a factor-out keeps %d of %d channels, expected at least one to stay and one to leave", keep, shape.Channels)
	}
	return &FactorOut{shape, keep, inner}
}

// Couplings returns those of the coarser scales, see [bijector.Couplings].
func (f *FactorOut) Couplings() int { return f.inner.Couplings() }

// Inverse implements [bijector.Bijector].
func (f *FactorOut) Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node) {
	kept, leaving := f.parts(x)
	z, logDet = f.inner.Inverse(scope.At("inner"), kept, context)
	return Concatenate([]*Node{z, leaving}, -1), logDet
}

// Forward implements [bijector.Bijector].
func (f *FactorOut) Forward(scope *model.Scope, z, context *Node) (x, logDet *Node) {
	kept, leaving := f.halves(z)
	kept, logDet = f.inner.Forward(scope.At("inner"), kept, context)
	return f.join(kept, leaving), logDet
}

// Initialize implements [bijector.DataDependent].
func (f *FactorOut) Initialize(scope *model.Scope, v, context *Node, forward bool) {
	kept, _ := f.parts(v)
	if forward {
		kept, _ = f.halves(v)
	}
	f.inner.Initialize(scope.At("inner"), kept, context, forward)
}

// parts cuts the images on the side of the data into events of what stays and leaves.
func (f *FactorOut) parts(x *Node) (kept, leaving *Node) {
	image := f.shape.image(x)
	flat := func(v *Node) *Node { return Reshape(v, x.Shape().Dim(0), v.Shape().Size()/x.Shape().Dim(0)) }
	return flat(channels(image, 0, f.keep)), flat(channels(image, f.keep, f.shape.Channels))
}

// join is the inverse of parts.
func (f *FactorOut) join(kept, leaving *Node) *Node {
	image := func(v *Node, channels int) *Node { return Reshape(v, -1, f.shape.Height, f.shape.Width, channels) }
	return f.shape.events(Concatenate([]*Node{image(kept, f.keep), image(leaving, f.shape.Channels-f.keep)}, -1))
}

// halves cuts latents into those of the scales inside and those that left here.
func (f *FactorOut) halves(z *Node) (inner, left *Node) {
	z.AssertDims(-1, f.shape.Features())
	stay := f.shape.Pixels() * f.keep
	return channels(z, 0, stay), channels(z, stay, f.shape.Features())
}
