// Package kernel holds the loops in which the hand-written flows spend their time, at the
// speed of the processor: matrix products, the affine and the spline transform of a
// coupling layer, their backward passes, and Adam.
//
// Each is written for AVX-512, for AVX2 with FMA, for arm64's NEON (all generated, see the
// folder gen) and in plain Go, which runs everywhere; what the processor supports is
// detected at run time. The results agree up to float32 rounding, and NaN stays NaN.
package kernel

//go:generate go -C gen run . -out ../vector_amd64.s -stubs ../vector_amd64.go -neon ../vector_arm64 -pkg kernel

// Block is how many events, the columns of a matrix, are processed at a time. A layer of
// 64 units for them fits in the first-level cache with its weights.
const Block = 64

// Lanes divides the length of every array passed to a kernel.
const Lanes = 16

// Set holds the kernels for one instruction set.
type Set struct {
	Name   string // "avx512", "avx2", "neon" or "portable"
	vector *vector
}

// vector holds the functions written in assembly; widths of tiles are those of products.
type vector struct {
	widths                       []int
	products                     []func(out, w, in, bias, mask *float32, m, k, ldOut, ldIn, wi, wk, mode int)
	dots                         func(g, a, d *float32, m, n int)
	transpose                    func(out, in *float32, rows, ldOut int)
	affineForward, affineInverse func(out, logDet, scale, slope, v, r, t *float32, n int, limit, inverseLimit float32)
	affineBackward               func(dr, dt, d, z, scale, slope, weight *float32, n int)
	clip                         func(out, in *float32, n int, bound float32)
	clipBackward                 func(d, dOut, out *float32, n int, bound float32)
	adam                         func(w, mean, square, g *float32, n int, factor, decay1, decay2, rate, correction, epsilon float32)
	add                          func(out, in *float32, n int)
	sumSquares                   func(in *float32, n int) float32
	addSquares                   func(out, z *float32, n int, mean, scale float32)
	pull                         func(dz, z, share *float32, n int, mean, scale float32) (first, second float32)
	softmax                      func(out, raw *float32, n, bins, stride int, whole float32)
	softmaxBackward              func(draw, parts, index, gradient *float32, n, bins, stride int, factor, inverseWhole float32)
	splinePickX, splinePickY     func(offset, v, widths, heights, slopes *float32, n, bins, stride int, bound float32)
	splineInverse, splineForward func(out, logDet, v, offset, xi *float32, n int, bound, slopeOffset float32)
	splineBackward               func(d, v, weight, offset, xi, gradient *float32, n int, bound, slopeOffset float32)
	splineScatter                func(draw, index, gradient *float32, n, knots, stride int)
	peak                         func(n int) // see [Set.Peak]
}

// All returns the sets that run on this processor, fastest first.
func All() []*Set { return append(vectorSets(), &Set{Name: "portable"}) }

// Best returns the fastest set that runs on this processor.
func Best() *Set { return best }

var best = All()[0]
