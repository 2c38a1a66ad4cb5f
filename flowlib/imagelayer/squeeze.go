package imagelayer

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// Squeeze2x2 trades pixels for channels: on the way to the latents, each block of 2×2
// pixels becomes one pixel of four times the channels, those of its top left pixel
// first, then top right, bottom left and bottom right. It only moves numbers, so its
// log-determinant is 0.
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, section 3.6.
type Squeeze2x2 struct {
	shape Shape
}

func init() {
	tree.RegisterAs("image_squeeze", func(s *Squeeze2x2) Shape { return s.shape },
		func(s Shape) (*Squeeze2x2, error) { return NewSqueeze2x2(s), nil })
}

// NewSqueeze2x2 returns the layer for images of the given shape on the side of the data. It
// panics unless their height and width are even.
func NewSqueeze2x2(shape Shape) *Squeeze2x2 {
	shape.check("a squeeze")
	if shape.Height%2 != 0 || shape.Width%2 != 0 {
		exceptions.Panicf("imagelayer: a squeeze needs an even number of rows and columns, found %d×%d pixels", shape.Height, shape.Width)
	}
	return &Squeeze2x2{shape}
}

// Squeezed returns the shape of the images on the side of the latents.
func (s *Squeeze2x2) Squeezed() Shape {
	return Shape{s.shape.Height / 2, s.shape.Width / 2, 4 * s.shape.Channels}
}

// Inverse implements [bijector.Bijector].
func (s *Squeeze2x2) Inverse(_ *model.Scope, x, _ *Node) (z, logDet *Node) {
	h, w, c := s.shape.Height/2, s.shape.Width/2, s.shape.Channels
	blocks := Reshape(s.shape.image(x), -1, h, 2, w, 2, c)
	return s.shape.events(TransposeAllAxes(blocks, 0, 1, 3, 2, 4, 5)), zeroLogDet(x)
}

// Forward implements [bijector.Bijector].
func (s *Squeeze2x2) Forward(_ *model.Scope, z, _ *Node) (x, logDet *Node) {
	h, w, c := s.shape.Height/2, s.shape.Width/2, s.shape.Channels
	blocks := Reshape(s.Squeezed().image(z), -1, h, w, 2, 2, c)
	return s.shape.events(TransposeAllAxes(blocks, 0, 1, 3, 2, 4, 5)), zeroLogDet(z)
}

// zeroLogDet is the log-determinant of a map that only moves numbers, [B].
func zeroLogDet(x *Node) *Node { return ZerosLike(ReduceSum(x, -1)) }
