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
	return s.shape.events(corners(s.shape.image(x), 0)), zeroLogDet(x)
}

// Forward implements [bijector.Bijector].
func (s *Squeeze2x2) Forward(_ *model.Scope, z, _ *Node) (x, logDet *Node) {
	return s.shape.events(uncorners(s.Squeezed().image(z), s.shape.Height, s.shape.Width)), zeroLogDet(z)
}

// corners makes of each block of 2×2 pixels one pixel, of images, [B, Height, Width, C], or tables of
// their numbers, [1, Height, Width, C, K]. A missing last row or column gets a value.
func corners(v *Node, missing float64) *Node {
	for axis := 1; axis <= 2; axis++ {
		if v.Shape().Dim(axis)%2 != 0 {
			edge := v.Shape().Clone()
			edge.Dimensions[axis] = 1
			v = Concatenate([]*Node{v, AddScalar(Zeros(v.Graph(), edge), missing)}, axis)
		}
	}
	d := v.Shape().Dimensions
	squeezed := append([]int{d[0], d[1] / 2, d[2] / 2, 4 * d[3]}, d[4:]...)
	return Reshape(TransposeAllAxes(Reshape(v, d[0], d[1]/2, 2, d[2]/2, 2, -1), 0, 1, 3, 2, 4, 5), squeezed...)
}

// uncorners is the inverse of corners, for images of the given size.
func uncorners(v *Node, height, width int) *Node {
	d := v.Shape().Dimensions
	v = TransposeAllAxes(Reshape(v, d[0], d[1], d[2], 2, 2, d[3]/4), 0, 1, 3, 2, 4, 5)
	return Slice(Reshape(v, d[0], 2*d[1], 2*d[2], d[3]/4), AxisRange(), AxisRange(0, height), AxisRange(0, width))
}

// zeroLogDet is the log-determinant of a map that only moves numbers, [B].
func zeroLogDet(x *Node) *Node { return ZerosLike(ReduceSum(x, -1)) }
