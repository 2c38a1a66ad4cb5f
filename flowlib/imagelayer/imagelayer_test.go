package imagelayer_test

import (
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/imagelayer"
)

var net = imagelayer.Net{Width: 4, Blocks: 1}

// cases is every layer, on images of few pixels.
func cases() []bijectortest.Case {
	small, wide := imagelayer.Shape{Height: 2, Width: 1, Channels: 2}, imagelayer.Shape{Height: 2, Width: 2, Channels: 3}
	square, odd := imagelayer.Shape{Height: 2, Width: 4, Channels: 1}, imagelayer.Shape{Height: 3, Width: 3, Channels: 1}
	squeeze := imagelayer.NewSqueeze2x2(square)
	corners := squeeze.Squeezed() // 1×2 pixels, 4 channels
	coupling := func(s imagelayer.Shape, mask bijector.Mask, transform bijector.Transform) bijector.Bijector {
		return imagelayer.NewCoupling(s, mask, net, transform)
	}
	context := bijectortest.Options{Context: 2}
	inCells := bijectortest.Options{}
	for range square.Features() {
		inCells.Latent, inCells.Data = append(inCells.Latent, [2]float64{0, 17}), append(inCells.Data, [2]float64{0, 17})
	}
	inner := imagelayer.Shape{Height: 1, Width: 2, Channels: 2}
	pyramid := bijector.Chain{
		imagelayer.NewFactorOut(corners, 2, bijector.Chain{
			imagelayer.NewActNorm(inner), imagelayer.NewConv1x1(inner), coupling(inner, imagelayer.Halves(2, false), bijector.Affine{}),
		}),
		coupling(corners, imagelayer.Halves(4, false), bijector.Affine{}),
		imagelayer.NewActNorm(corners), squeeze,
	}
	return []bijectortest.Case{
		{Name: "squeeze", Features: 8, Bijector: squeeze},
		{Name: "squeeze, three channels", Features: 12, Bijector: imagelayer.NewSqueeze2x2(wide)},
		{Name: "act norm", Features: 4, Bijector: imagelayer.NewActNorm(small)},
		{Name: "1×1 convolution", Features: 12, Bijector: imagelayer.NewConv1x1(wide)},
		{Name: "histogram", Features: 3, Bijector: imagelayer.NewHistogram(3, 2, 5)},
		{Name: "normal histogram", Features: 3, Bijector: imagelayer.NewNormalHistogram(3, 2, 5), Options: bijectortest.Options{Data: [][2]float64{{0, 2}, {0, 2}, {0, 2}}}},
		{Name: "normal histogram, two bins", Features: 2, Bijector: imagelayer.NewNormalHistogram(2, 17, 2), Options: bijectortest.Options{Data: [][2]float64{{0, 17}, {0, 17}}}},
		{Name: "histogram pyramid", Features: 8, Bijector: imagelayer.NewHistogramPyramid(square, 17, 17, net), Options: ofShares(square, 17, 0)},
		{Name: "histogram pyramid, odd", Features: 9, Bijector: imagelayer.NewHistogramPyramid(odd, 40, 5, net), Options: ofShares(odd, 40, 0)},
		{Name: "histogram pyramid, groups", Features: 12, Bijector: imagelayer.NewHistogramPyramid(wide, 40, 40, imagelayer.Net{Width: 8, Blocks: 1}), Options: ofShares(wide, 40, 0)},
		{Name: "conditional histogram pyramid", Features: 8, Bijector: imagelayer.NewHistogramPyramid(square, 17, 5, net), Options: ofShares(square, 17, 2)},
		{Name: "probit", Features: 2, Bijector: imagelayer.NewProbit(2), Options: bijectortest.Options{Latent: [][2]float64{{-4, 4}, {-4, 4}}, Data: [][2]float64{{1e-4, 1 - 1e-4}, {0.3, 0.9}}}},
		{Name: "dequantizer", Features: 8, Bijector: imagelayer.NewDequantizer(square, 17, net, 4), Options: inCells},
		{Name: "conditional dequantizer", Features: 8, Bijector: imagelayer.NewDequantizer(square, 17, net, 3), Options: bijectortest.Options{Context: 2, Latent: inCells.Latent, Data: inCells.Data}},
		{Name: "affine coupling", Features: 12, Bijector: coupling(wide, imagelayer.Halves(3, true), bijector.Affine{})},
		{Name: "spline coupling", Features: 4, Bijector: coupling(small, imagelayer.Halves(2, false), bijector.Spline{Bins: 4})},
		{Name: "checkerboard", Features: 8, Bijector: coupling(corners, imagelayer.Checkerboard(4, true), bijector.Affine{})},
		{Name: "conditional coupling", Features: 12, Bijector: coupling(wide, imagelayer.Halves(3, false), bijector.Spline{Bins: 2}), Options: context},
		{Name: "pyramid", Features: 8, Bijector: pyramid},
		{Name: "conditional pyramid", Features: 8, Bijector: pyramid, Options: context},
	}
}

// ofShares are the options of a layer from numbers of so many levels to shares from 0 to 1.
func ofShares(s imagelayer.Shape, levels float64, context int) (o bijectortest.Options) {
	o.Context = context
	for range s.Features() {
		o.Latent, o.Data = append(o.Latent, [2]float64{0, 1}), append(o.Data, [2]float64{0, levels})
	}
	return o
}

func TestLayers(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.Name, func(t *testing.T) {
			// float64 through three random layers loses about four of its sixteen digits.
			worst := bijectortest.CheckWith(t, c.Bijector, c.Features, 1e-10, c.Options)
			t.Logf("largest |log-det - Jacobian| = %.1e", worst)
		})
	}
}

// A compilation of XLA takes seconds: only what convolves, what has an error function, and a
// pyramid of all layers.
func TestBackendsAgree(t *testing.T) {
	var some []bijectortest.Case
	for _, c := range cases() {
		if c.Name == "probit" || c.Name == "affine coupling" || c.Name == "pyramid" {
			some = append(some, c)
		}
	}
	bijectortest.Backends(t, some)
}

// A picture of 4×2 pixels by hand: blocks of 2×2, corner by corner.
func TestSqueezeMovesBlocks(t *testing.T) {
	squeeze := imagelayer.NewSqueeze2x2(imagelayer.Shape{Height: 2, Width: 4, Channels: 1})
	x := [][]float64{{1, 2, 3, 4, 5, 6, 7, 8}}
	z := inverse(t, squeeze, x)
	want := []float64{1, 2, 5, 6, 3, 4, 7, 8}
	for i := range want {
		if z[0][i] != want[i] {
			t.Fatalf("squeezed %v to %v, expected %v", x[0], z[0], want)
		}
	}
}

func TestCheckerboardFreezesTheBlackSquares(t *testing.T) {
	if got := imagelayer.Checkerboard(8, false).String(); got != "ffmmmmff" {
		t.Errorf("found %s", got)
	}
	if got := imagelayer.Checkerboard(4, true).String(); got != "mffm" {
		t.Errorf("found %s", got)
	}
}

// What a program, or a file, may not ask for.
func TestImpossibleLayersPanic(t *testing.T) {
	shape := imagelayer.Shape{Height: 2, Width: 3, Channels: 2}
	for want, build := range map[string]func(){
		"an even number of rows and columns, found 2×3": func() { imagelayer.NewSqueeze2x2(shape) },
		"keeps 2 of 2 channels":                         func() { imagelayer.NewFactorOut(shape, 2, nil) },
		"found 2 of 2 frozen":                           func() { imagelayer.NewCoupling(shape, bijector.Mask{true, true}, net, bijector.Affine{}) },
		"a mask of 3 channels for an image of 2":        func() { imagelayer.NewCoupling(shape, imagelayer.Halves(3, false), net, bijector.Affine{}) },
		"a multiple of 4, found 6":                      func() { imagelayer.Checkerboard(6, false) },
		"0×1 pixels and 1 channels":                     func() { imagelayer.NewActNorm(imagelayer.Shape{Width: 1, Channels: 1}) },
		"numbers, expected at most 65536":               func() { imagelayer.NewConv1x1(imagelayer.Shape{Height: 1 << 10, Width: 1 << 10, Channels: 1}) },
		"a dequantizer of 1 levels with curves of 4":    func() { imagelayer.NewDequantizer(imagelayer.Shape{Height: 2, Width: 2, Channels: 1}, 1, net, 4) },
		"histograms of 3 features with 1 bins":          func() { imagelayer.NewHistogram(3, 2, 1) },
		"histograms of 12 features with 0 bins":         func() { imagelayer.NewHistogramPyramid(shape, 2, 0, net) },
		"a network of 0 blocks of 0 channels": func() {
			imagelayer.NewCoupling(shape, imagelayer.Halves(2, false), imagelayer.Net{}, bijector.Affine{})
		},
		"bijector: this mask needs 1 features or more, ": func() { imagelayer.Halves(0, false) },
	} {
		func() {
			defer func() {
				said := recover()
				if err, ok := said.(error); !ok || !strings.Contains(err.Error(), want) {
					t.Errorf("panicked with %v, expected %s", said, want)
				}
			}()
			build()
		}()
	}
}

func TestMain(m *testing.M) { backendtest.Main(m) }
