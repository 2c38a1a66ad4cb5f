// Package imagelayer holds the bijectors of flows over images.
//
// Events are flat rows of numbers, as everywhere in flowlib: pixel by pixel from the top
// left, row by row, the channels of a pixel beside each other. A layer knows the
// [Shape] of the image that it sees. All layers are bijectors of package bijector with
// names of their own in model.json, so that a program which imports this package saves
// and loads models that hold them.
package imagelayer

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Shape is the size of an image. Its event has Height·Width·Channels features.
type Shape struct {
	Height   int `json:"height"`
	Width    int `json:"width"`
	Channels int `json:"channels"`
}

// maxFeatures bounds what a file may ask for.
const maxFeatures = 1 << 16

// Features returns the number of features of an image.
func (s Shape) Features() int { return s.Height * s.Width * s.Channels }

// Pixels returns the number of pixels of an image.
func (s Shape) Pixels() int { return s.Height * s.Width }

// check panics unless the shape is that of an image.
func (s Shape) check(layer string) {
	for _, n := range []int{s.Height, s.Width, s.Channels} {
		if n < 1 || n > maxFeatures {
			exceptions.Panicf("imagelayer: %s of an image of %d×%d pixels and %d channels, expected each from 1 to %d", layer, s.Height, s.Width, s.Channels, maxFeatures)
		}
	}
	if s.Features() > maxFeatures {
		exceptions.Panicf("imagelayer: %s of an image of %d numbers, expected at most %d", layer, s.Features(), maxFeatures)
	}
}

// image returns events, [B, D], as images, [B, Height, Width, Channels].
func (s Shape) image(v *Node) *Node {
	v.AssertDims(-1, s.Features())
	return Reshape(v, v.Shape().Dim(0), s.Height, s.Width, s.Channels)
}

// pixels returns events, [B, D], as rows of channels, [B·Height·Width, Channels].
func (s Shape) pixels(v *Node) *Node {
	v.AssertDims(-1, s.Features())
	return Reshape(v, v.Shape().Dim(0)*s.Pixels(), s.Channels)
}

// events returns images, or their pixels, as events, [B, D]; shape is theirs.
func (s Shape) events(v *Node) *Node {
	return Reshape(v, v.Shape().Size()/s.Features(), s.Features())
}

// perEvent adds up the log-determinants of pixels, [B·Height·Width] or [B·Height·Width,
// M], for each event: [B].
func (s Shape) perEvent(logDet *Node) *Node {
	size := logDet.Shape().Size()
	each := s.Pixels() * size / logDet.Shape().Dim(0)
	return ReduceSum(Reshape(logDet, size/each, each), -1)
}
