package bijector

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// Defaults of a [Spline].
const (
	DefaultBins  = 8
	DefaultBound = 4.0
	minimumShare = 1e-3 // of a bin's width and height, and the least slope at a knot
)

// Spline is a monotone curve of rational-quadratic pieces through K+1 knots in
// [-bound, bound]², with slope 1 at both ends, and the identity outside. Here
// Inverse evaluates the curve z = g(x), and Forward finds its root: as in the
// paper, whose f runs x -> z. With ξ the place of x in its bin, from 0 to 1, s
// the bin's height by its width, and δ the slopes at the knots around it:
//
//	g(x) = y_k + h_k·(s·ξ² + δ_k·ξ(1-ξ)) / (s + (δ_k+δ_{k+1}-2s)·ξ(1-ξ))
//	g'(x) = s²·(δ_{k+1}·ξ² + 2s·ξ(1-ξ) + δ_k·(1-ξ)²) / (s + (δ_k+δ_{k+1}-2s)·ξ(1-ξ))²
//
// The 3K-1 raw parameters of a feature are K for the widths and K for the
// heights of the bins (each a softmax, with a least share of 10⁻³), and K-1 for
// the slopes inside (a softplus that is 1 at 0, at least 10⁻³).
//
// Source: Durkan et al. 2019, https://arxiv.org/abs/1906.04032, equations 4 to 8,
// and nflows' rational_quadratic_spline for the normalization.
type Spline struct {
	Bins  int     // K; 0 means DefaultBins
	Bound float64 // 0 means DefaultBound
}

func init() {
	type form struct {
		Bins  int     `json:"bins"`
		Bound float64 `json:"bound"`
	}
	tree.RegisterAs("spline", func(s Spline) form { return form{s.bins(), s.bound()} },
		func(f form) (Spline, error) {
			s := Spline(f)
			return Spline{s.bins(), s.bound()}, nil // they panic where one is impossible
		})
}

// MaxBins keeps the sum of the bins' least shares below 1.
const MaxBins = 256

// NumParameters implements [Transform].
func (s Spline) NumParameters() int { return 3*s.bins() - 1 }

// Inverse implements [Transform]: z = g(x).
func (s Spline) Inverse(v, raw *Node) (out, logDeriv *Node) {
	return s.apply(v, raw, false)
}

// Forward implements [Transform]: x = g⁻¹(z), the root of a quadratic equation
// that keeps its digits in every bin (equation 8 and the text after it).
func (s Spline) Forward(v, raw *Node) (out, logDeriv *Node) {
	return s.apply(v, raw, true)
}

func (s Spline) apply(v, raw *Node, root bool) (out, logDeriv *Node) {
	bound := s.bound()
	inside := LessOrEqual(Abs(v), ConstAs(v, bound))
	// Where v lies outside, the curve is evaluated at 0 and not used: a gradient
	// that is thrown away must still be finite. No clip: its slope at ±bound is 0.
	at := Where(inside, v, ZerosLike(v))
	bin := s.bin(at, raw, root)
	var xi *Node
	if root {
		xi = bin.root(at)
		out = Add(bin.left, Mul(xi, bin.width))
	} else {
		xi = Div(Sub(at, bin.left), bin.width)
		out = Add(bin.bottom, bin.rise(xi))
	}
	logDeriv = bin.logSlope(xi)
	if root {
		logDeriv = Neg(logDeriv)
	}
	return Where(inside, out, v), Where(inside, logDeriv, ZerosLike(v))
}

// bin is, for each event and feature, the piece of the curve it falls into; all [B, M].
type bin struct {
	left, width, bottom, height *Node // the bin's corner and size
	slope                       *Node // height by width
	slopeLeft, slopeRight       *Node // of the curve at the two knots
}

// bin selects the pieces that hold v, [B, M], on the x axis, or on the y axis
// (root). A sum over one-hot rows instead of a gather, whose gradient is slow.
func (s Spline) bin(v, raw *Node, root bool) bin {
	bins, bound := s.bins(), s.bound()
	widths := s.shares(Slice(raw, AxisRange(0, bins)))
	heights := s.shares(Slice(raw, AxisRange(bins, 2*bins)))
	lefts, bottoms := startsOf(widths), startsOf(heights)
	starts := lefts
	if root {
		starts = bottoms
	}
	place := InsertAxes(DivScalar(AddScalar(v, bound), 2*bound), 0) // [1, B, M], from 0 to 1
	// Above how many of the inner starts? passed is [K-1, B, M], ones and then zeros.
	passed := ConvertDType(GreaterOrEqual(place, Slice(starts, AxisRangeToEnd(1))), v.DType())
	one := OnesLike(Slice(passed, AxisElem(0)))
	chosen := StopGradient(Sub( // one-hot, [K, B, M]
		Concatenate([]*Node{one, passed}, 0),
		Concatenate([]*Node{passed, ZerosLike(one)}, 0)))
	pick := func(values *Node) *Node { return ReduceSum(Mul(chosen, values), 0) }

	slopes := s.slopes(Slice(raw, AxisRangeToEnd(2*bins))) // [K-1, B, M]
	b := bin{
		left:       AddScalar(MulScalar(pick(lefts), 2*bound), -bound),
		width:      MulScalar(pick(widths), 2*bound),
		bottom:     AddScalar(MulScalar(pick(bottoms), 2*bound), -bound),
		height:     MulScalar(pick(heights), 2*bound),
		slopeLeft:  pick(Concatenate([]*Node{one, slopes}, 0)),
		slopeRight: pick(Concatenate([]*Node{slopes, one}, 0)),
	}
	b.slope = Div(b.height, b.width)
	return b
}

// shares turns raw values, [K, B, M], into positive parts of one.
func (s Spline) shares(raw *Node) *Node {
	return AddScalar(MulScalar(Softmax(raw, 0), 1-minimumShare*float64(s.bins())), minimumShare)
}

// startsOf is where each of the parts begins, [K, B, M]: the sum of those before
// it, as a product with a triangle of ones.
func startsOf(parts *Node) *Node {
	bins := parts.Shape().Dim(0)
	before := make([][]float64, bins)
	for k := range before {
		before[k] = make([]float64, bins)
		for j := range k {
			before[k][j] = 1
		}
	}
	flat := Reshape(parts, bins, -1)
	sums := Dot(ConvertDType(Const(parts.Graph(), before), parts.DType()), flat).MatMul()
	return Reshape(sums, parts.Shape().Dimensions...)
}

// slopes at the inner knots, at least minimumShare and 1 at raw = 0.
func (s Spline) slopes(raw *Node) *Node {
	return AddScalar(Softplus(AddScalar(raw, math.Log(math.Expm1(1-minimumShare)))), minimumShare)
}

// rise is g(x) - y_k.
func (b bin) rise(xi *Node) *Node {
	mixed := Mul(xi, OneMinus(xi))
	return Mul(b.height, Div(Add(Mul(b.slope, Square(xi)), Mul(b.slopeLeft, mixed)), b.denominator(mixed)))
}

func (b bin) denominator(mixed *Node) *Node {
	return Add(b.slope, Mul(b.bend(), mixed))
}

// bend is δ_k + δ_{k+1} - 2s, how far the piece is from a straight line.
func (b bin) bend() *Node {
	return Sub(Add(b.slopeLeft, b.slopeRight), MulScalar(b.slope, 2))
}

// logSlope is log g' at ξ.
func (b bin) logSlope(xi *Node) *Node {
	rest := OneMinus(xi)
	mixed := Mul(xi, rest)
	numerator := Add(Mul(b.slopeRight, Square(xi)), Add(MulScalar(Mul(b.slope, mixed), 2), Mul(b.slopeLeft, Square(rest))))
	return Add(MulScalar(Sub(Log(b.slope), Log(b.denominator(mixed))), 2), Log(numerator))
}

// root solves g(x) = y for ξ.
func (b bin) root(y *Node) *Node {
	up := Sub(y, b.bottom)
	bent := Mul(up, b.bend())
	a := Add(Mul(b.height, Sub(b.slope, b.slopeLeft)), bent)
	minusB := Sub(bent, Mul(b.height, b.slopeLeft))
	c := Neg(Mul(b.slope, up))
	discriminant := Sub(Square(minusB), MulScalar(Mul(a, c), 4))
	// Never negative but by rounding, and its root has no slope at zero.
	discriminant = Max(discriminant, ConstAs(discriminant, 1e-30))
	return Div(MulScalar(c, 2), Sub(minusB, Sqrt(discriminant)))
}

// bins panics on a number that leaves no room for the least shares.
func (s Spline) bins() int {
	switch {
	case s.Bins == 0:
		return DefaultBins
	case s.Bins < 2 || s.Bins > MaxBins:
		exceptions.Panicf("bijector: a spline has 2 to %d bins, found %d", MaxBins, s.Bins)
	}
	return s.Bins
}

func (s Spline) bound() float64 {
	switch {
	case s.Bound == 0:
		return DefaultBound
	case !(s.Bound > 0) || math.IsInf(s.Bound, 0):
		exceptions.Panicf("bijector: the bound of a spline must be positive and finite, found %g", s.Bound)
	}
	return s.Bound
}
