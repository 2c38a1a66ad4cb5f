package imagelayer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/bijector"
	"normflow/flowlib/tree"
)

// Histogram gives each number of an image a trained histogram of its own, and maps it to
// the share of the histogram below it. With masses m_k of the Bins bins of [0, Levels],
// which are w = Levels/Bins wide:
//
//	u = m_0 + … + m_{k-1} + m_k·(x/w - k) for x in bin k,   log|det du/dx| = Σ_d ln(m_k/w)
//
// Beyond [0, Levels] u is x/Levels. The masses of a pixel are the softmax of row d of
// the variable "log_mass", [D, Bins], mixed with 10⁻⁵ of the uniform histogram, so that
// none is 0. They start uniform. With a bin for each level, each gray of a dequantized
// picture gets an interval as wide as it is frequent; float32 places a number of a bin of
// mass m to about 10⁻⁷/m of its width. A [NormalHistogram] has no such bins.
type Histogram struct {
	features, levels, bins int
}

func init() {
	type form struct {
		Features int `json:"features"`
		Levels   int `json:"levels"`
		Bins     int `json:"bins"`
	}
	tree.RegisterAs("image_histogram", func(h *Histogram) form { return form{h.features, h.levels, h.bins} },
		func(f form) (*Histogram, error) { return NewHistogram(f.Features, f.Levels, f.Bins), nil })
}

// NewHistogram panics unless there are at least one feature and two bins, and levels.
func NewHistogram(features, levels, bins int) *Histogram {
	if features < 1 || features > maxFeatures || levels < 1 || levels > maxFeatures || bins < 2 || bins > 256 {
		exceptions.Panicf("imagelayer: histograms of %d features with %d bins of [0, %d], expected at most %d features, 2 to 256 bins and 1 to %d levels", features, bins, levels, maxFeatures, maxFeatures)
	}
	return &Histogram{features, levels, bins}
}

// leastShare is how much of each histogram is uniform.
const leastShare = 1e-5

// Inverse implements [bijector.Bijector].
func (h *Histogram) Inverse(scope *model.Scope, x, _ *Node) (u, logDet *Node) {
	u, logDet, _ = h.shares(h.trained(scope, x), x)
	return u, logDet
}

// Forward implements [bijector.Bijector].
func (h *Histogram) Forward(scope *model.Scope, u, _ *Node) (x, logDet *Node) {
	return h.numbers(h.trained(scope, u), u)
}

// histograms are those of all features: the masses of the bins and of those below each,
// both [D, Bins], in float64, since rounded sums can be farther from 1 than a rare bin is wide.
type histograms struct{ mass, below *Node }

// trained returns the histograms of the layer. Its variable has the precision of like.
func (h *Histogram) trained(scope *model.Scope, like *Node) histograms {
	shape := shapes.Make(like.DType(), h.features, h.bins)
	logMass := ConvertDType(bijector.Variable(scope, "log_mass", initializer.Zero, shape).NodeValue(like.Graph()), dtypes.Float64)
	mass := AddScalar(MulScalar(Softmax(logMass, -1), 1-leastShare), leastShare/float64(h.bins))
	return histograms{mass, MatMul(mass, triangle(like.Graph(), h.bins))}
}

// shares is Inverse with histograms of, and which bins they are.
func (h *Histogram) shares(of histograms, x *Node) (u, logDet, bin *Node) {
	place := DivScalar(x, float64(h.levels)) // from 0 to 1
	inside := h.inside(place)
	at := Where(inside, place, ZerosLike(place))
	b := h.bin(of, at, false)
	u = MinScalar(Add(b.below, Mul(b.mass, Sub(MulScalar(at, float64(h.bins)), b.index))), 1) // rounded, it may be more
	return Where(inside, u, place), h.logDet(inside, b.mass), b.index
}

// numbers is Forward with histograms of.
func (h *Histogram) numbers(of histograms, u *Node) (x, logDet *Node) {
	inside := h.inside(u)
	at := Where(inside, u, ZerosLike(u))
	b := h.bin(of, at, true)
	place := DivScalar(Add(b.index, Div(Sub(at, b.below), b.mass)), float64(h.bins))
	return MulScalar(Where(inside, place, u), float64(h.levels)), Neg(h.logDet(inside, b.mass))
}

func (h *Histogram) inside(place *Node) *Node {
	place.AssertDims(-1, h.features)
	return LogicalAnd(GreaterOrEqual(place, ZerosLike(place)), LessOrEqual(place, OnesLike(place)))
}

// logDet of Inverse: du/dx is mass·bins/levels inside, and 1/levels outside.
func (h *Histogram) logDet(inside, mass *Node) *Node {
	slope := Where(inside, MulScalar(mass, float64(h.bins)), OnesLike(mass))
	return ReduceSum(Log(DivScalar(slope, float64(h.levels))), -1)
}

// histogramBin is, for each event and feature, the bin it falls into; all [B, D].
type histogramBin struct{ index, below, mass *Node }

// bin selects the bins that hold v, [B, D]: of x/levels, or of u. Sums over
// one-hot rows instead of a gather, whose gradient is slow.
func (h *Histogram) bin(of histograms, v *Node, share bool) histogramBin {
	g, dtype := v.Graph(), v.DType()
	masses, belows := ConvertDType(of.mass, dtype), ConvertDType(of.below, dtype)
	bins := Iota(g, shapes.Make(dtype, 1, h.features, h.bins), 2)
	starts := DivScalar(bins, float64(h.bins))
	if share {
		starts = InsertAxes(belows, 0)
	}
	// The first bin has no lower end, the last no upper one. A chain of comparisons and products
	// is one pass for XLA, over rows that are never stored.
	inner := Slice(starts, AxisRange(), AxisRange(), AxisRangeToEnd(1))
	end := BroadcastToDims(Infinity(g, dtype, 1), 1, h.features, 1)
	x := InsertAxes(v, -1)
	oneHot := ConvertDType(LogicalAnd(
		GreaterOrEqual(x, Concatenate([]*Node{Neg(end), inner}, -1)), LessThan(x, Concatenate([]*Node{inner, end}, -1))), dtype)
	pick := func(of *Node) *Node { return ReduceSum(Mul(oneHot, of), -1) }
	return histogramBin{index: pick(bins), below: pick(InsertAxes(belows, 0)), mass: pick(InsertAxes(masses, 0))}
}

// triangle makes of the masses of bins those below each bin, as a product: GoMLX's CumSum has
// no gradient on every backend.
func triangle(g *Graph, bins int) *Node {
	return ConvertDType(LogicalNot(LowerTriangular(g, bins)), dtypes.Float64)
}
