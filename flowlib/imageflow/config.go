// Package imageflow makes multi-scale flows over images, in the manner of RealNVP and
// Glow, and judges them in bits per dimension of the discrete pixels.
package imageflow

import (
	"fmt"

	"github.com/gomlx/compute"

	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/flow"
	"normflow/flowlib/imagelayer"
)

// Config describes a flow over images completely. Start from [Glow] and change the
// fields you care about.
type Config struct {
	Image  imagelayer.Shape `json:"image"`  // of the pictures
	Levels int              `json:"levels"` // pixels are whole numbers from 0 to Levels-1

	Scales int            `json:"scales"`         // each halves height and width
	Steps  int            `json:"steps"`          // couplings per scale, each behind an ActNorm and a 1×1 convolution
	Net    imagelayer.Net `json:"net"`            // of every coupling
	Bins   int            `json:"bins,omitempty"` // pieces of the couplings' splines; 0 for affine couplings
	Gray   int            `json:"gray,omitempty"` // bins of a histogram for each pixel, see [imagelayer.Histogram]; 0 for none

	// Pyramid is the network of histograms that depend on coarser pixels, see
	// [imagelayer.HistogramPyramid]. With none, each pixel has its own for all pictures.
	Pyramid imagelayer.Net `json:"pyramid,omitzero"`

	// Noise is the bins of the curves that move the noise of dequantization, see
	// [imagelayer.Dequantizer]; 0 leaves it uniform.
	Noise int `json:"noise,omitempty"`

	Margin  float64 `json:"margin"`            // α of the logit that widens [0, Levels] to all numbers where there are no histograms
	Classes int     `json:"classes,omitempty"` // the flow is p(image | class) if there are any
	Seed    int64   `json:"seed"`              // of the initial weights
}

// Glow returns a flow of affine couplings for pictures of the given shape and number of
// levels: two scales, if height and width can be halved twice, of three steps each behind
// a histogram for each pixel.
func Glow(image imagelayer.Shape, levels int) Config {
	c := Config{Image: image, Levels: levels, Steps: 3, Net: imagelayer.Net{Width: 24, Blocks: 1}, Gray: max(2, min(levels, 32)), Margin: bijector.DefaultMargin}
	for h, w := image.Height, image.Width; c.Scales < 2 && h%2 == 0 && w%2 == 0; h, w = h/2, w/2 {
		c.Scales++
	}
	return c
}

// Pyramid returns a flow for thousands of pictures, of even height and width: histograms of
// all levels that depend on coarser pixels, and a small [Glow] of one scale for what they leave.
// From many pictures it learns faster than [Glow] and reaches fewer bits; few it soon overfits.
func Pyramid(image imagelayer.Shape, levels int) Config {
	c := Glow(image, levels)
	c.Scales, c.Steps, c.Gray, c.Pyramid = 1, 1, max(2, levels), imagelayer.Net{Width: 32, Blocks: 1}
	return c
}

// Flow returns the flow. The error says which setting is impossible.
func (c Config) Flow() (*flow.Flow, error) {
	chain, err := c.chain()
	if err != nil {
		return nil, err
	}
	return flow.New(base.Normal{Features: c.Image.Features()}, chain), nil
}

func (c Config) chain() (chain bijector.Chain, err error) {
	defer func() {
		if said := recover(); said != nil {
			err = fmt.Errorf("imageflow: %v", said)
		}
	}()
	const most = 64
	if c.Scales < 1 || c.Scales > most || c.Steps < 1 || c.Steps > most {
		return nil, fmt.Errorf("imageflow: %d scales of %d steps, expected 1 to %d each", c.Scales, c.Steps, most)
	}
	if c.Levels < 2 || c.Levels > 256 {
		return nil, fmt.Errorf("imageflow: %d levels, expected 2 to 256", c.Levels)
	}
	chain = c.scale(c.Image, c.Scales)
	d := c.Image.Features()
	switch {
	case c.Pyramid != imagelayer.Net{}:
		chain = append(chain, imagelayer.NewProbit(d), imagelayer.NewHistogramPyramid(c.Image, c.Levels, c.Gray, c.Pyramid))
	case c.Gray > 0:
		chain = append(chain, imagelayer.NewNormalHistogram(d, c.Levels, c.Gray))
	default:
		hi := make([]float64, d)
		for i := range hi {
			hi[i] = float64(c.Levels)
		}
		chain = append(chain, bijector.NewLogit(make([]float64, d), hi).Margin(c.Margin))
	}
	if c.Noise > 0 {
		chain = append(chain, imagelayer.NewDequantizer(c.Image, c.Levels, c.Net, c.Noise))
	}
	return chain, nil
}

// scale returns the bijectors of this and the coarser scales, in the order of Forward.
func (c Config) scale(shape imagelayer.Shape, left int) (chain bijector.Chain) {
	squeeze := imagelayer.NewSqueeze2x2(shape)
	shape = squeeze.Squeezed()
	half := shape.Channels / 2
	if left > 1 {
		inner := imagelayer.Shape{Height: shape.Height, Width: shape.Width, Channels: half}
		chain = append(chain,
			imagelayer.NewFactorOut(shape, half, c.scale(inner, left-1)),
			c.coupling(shape, imagelayer.Halves(shape.Channels, false)))
	}
	for i := range c.Steps {
		chain = append(chain, imagelayer.NewActNorm(shape), imagelayer.NewConv1x1(shape), c.coupling(shape, imagelayer.Halves(shape.Channels, i%2 == 1)))
	}
	if left == c.Scales { // before channels are mixed, squares of a checkerboard move given the others
		chain = append(chain,
			c.coupling(shape, imagelayer.Checkerboard(shape.Channels, true)),
			c.coupling(shape, imagelayer.Checkerboard(shape.Channels, false)),
			imagelayer.NewActNorm(shape))
	}
	return append(chain, squeeze)
}

func (c Config) coupling(shape imagelayer.Shape, mask bijector.Mask) bijector.Bijector {
	var transform bijector.Transform = bijector.Affine{MaxLogScale: 2}
	if c.Bins > 0 {
		transform = bijector.Spline{Bins: c.Bins}
	}
	return imagelayer.NewCoupling(shape, mask, c.Net, transform)
}

// NewModel returns a model of c in float32 with fresh weights.
func (c Config) NewModel(b compute.Backend) (*flow.Model, error) {
	f, err := c.Flow()
	if err != nil {
		return nil, err
	}
	return flow.NewModel(b, f, flow.Settings{Features: c.Image.Features(), Context: c.Classes, Seed: c.Seed})
}
