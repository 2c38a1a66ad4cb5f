package bijector

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// DefaultMargin is RealNVP's α, the margin of a [Logit] between its bounds and 0 or 1.
const DefaultMargin = 0.05

// Logit is for data between bounds, lo <= x <= hi in each feature: the last
// bijector of a flow, so that the others see all of R^D.
//
//	x = a + w·σ(z),   w = (hi-lo)/(1-2α),   a = lo - α·w
//	log|det df/dz| = Σ_d ln w_d + ln σ(z_d) + ln σ(-z_d)
//
// The margin α, [DefaultMargin] unless set, sends the bounds themselves to the
// finite ±ln((1-α)/α), about 2.9: data may lie on them. In turn x may be drawn
// up to α·w outside of them. With margin 0 all draws lie between the bounds, and
// data on them land as far out as the precision allows.
//
// The flow's density is that on (a, a+w). Outside Inverse returns the
// log-determinant -Inf, and so a density of zero; z is finite there, and no
// gradient flows. x is never drawn outside, nor on a or a+w, whatever rounding does.
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, section 4.1, which
// models logit(α + (1-α)·x) with α = 0.05; here both bounds are treated alike.
type Logit struct {
	lo, hi []float64
	margin float64
}

func init() {
	type form struct {
		Lo     []float64 `json:"lo"`
		Hi     []float64 `json:"hi"`
		Margin float64   `json:"margin"`
	}
	tree.RegisterAs("logit", func(l *Logit) form { return form{l.lo, l.hi, l.margin} },
		func(f form) (*Logit, error) { return NewLogit(f.Lo, f.Hi).Margin(f.Margin), nil })
}

// NewLogit panics unless lo and hi have the same length and lo < hi, both
// finite, in each feature.
func NewLogit(lo, hi []float64) *Logit {
	if len(lo) != len(hi) || len(lo) == 0 {
		exceptions.Panicf("bijector: logit with %d lower and %d upper bounds", len(lo), len(hi))
	}
	for d := range lo {
		if !(lo[d] < hi[d]) || math.IsInf(hi[d]-lo[d], 0) {
			exceptions.Panicf("bijector: logit of feature %d between %g and %g; expected finite bounds, the lower one first", d, lo[d], hi[d])
		}
	}
	return &Logit{lo: lo, hi: hi, margin: DefaultMargin}
}

// Margin sets α. It panics unless 0 <= α < 1/2.
func (l *Logit) Margin(alpha float64) *Logit {
	if !(alpha >= 0 && alpha < 0.5) {
		exceptions.Panicf("bijector: the margin of a logit must be at least 0 and less than 1/2, found %g", alpha)
	}
	l.margin = alpha
	return l
}

// Forward implements [Bijector].
func (l *Logit) Forward(_ *model.Scope, z, _ *Node) (x, logDet *Node) {
	b := l.bounds(z)
	x = clip(Add(b.lower, Mul(b.width, Sigmoid(z))), b.first, b.last)
	// ln σ(z) + ln σ(-z) is even in z and -|z| far out
	far := Neg(Abs(z))
	logDeriv := Sub(far, MulScalar(Log1P(Exp(far)), 2))
	return x, AddScalar(ReduceSum(logDeriv, -1), b.logWidths)
}

// Inverse implements [Bijector].
func (l *Logit) Inverse(_ *model.Scope, x, _ *Node) (z, logDet *Node) {
	b := l.bounds(x)
	outside := LogicalOr(LessThan(x, b.lower), GreaterThan(x, b.upper)) // false for NaN, which stays NaN
	x = clip(x, b.first, b.last)
	toLower, toUpper := Log(Sub(x, b.lower)), Log(Sub(b.upper, x))
	logDet = AddScalar(Neg(ReduceSum(Add(toLower, toUpper), -1)), b.logWidths)
	return Sub(toLower, toUpper), Where(LogicalAny(outside, -1), Infinity(x.Graph(), x.DType(), -1), logDet)
}

// clip is GoMLX's Clip, which has no gradient.
func clip(x, least, most *Node) *Node {
	return Min(Max(x, least), most)
}

// logitBounds are constants, [1, D], rounded as x is: the interval with its
// margins, and the first and last number inside.
type logitBounds struct {
	lower, upper, width, first, last *Node
	logWidths                        float64 // Σ_d ln w_d
}

func (l *Logit) bounds(v *Node) logitBounds {
	v.AssertDims(-1, len(l.lo))
	var lower, upper, width, first, last []float64
	logWidths := 0.0
	for d := range l.lo {
		w := (l.hi[d] - l.lo[d]) / (1 - 2*l.margin)
		a, c := round(v.DType(), l.lo[d]-l.margin*w), round(v.DType(), l.hi[d]+l.margin*w)
		if !(inside(v.DType(), a, c) < inside(v.DType(), c, a)) {
			exceptions.Panicf("bijector: logit of feature %d between %g and %g: %s cannot tell the two apart", d, l.lo[d], l.hi[d], v.DType())
		}
		lower, upper, width = append(lower, a), append(upper, c), append(width, w)
		first, last = append(first, inside(v.DType(), a, c)), append(last, inside(v.DType(), c, a))
		logWidths += math.Log(w)
	}
	node := func(values []float64) *Node { return ConvertDType(Const(v.Graph(), [][]float64{values}), v.DType()) }
	return logitBounds{node(lower), node(upper), node(width), node(first), node(last), logWidths}
}

func round(dtype dtypes.DType, v float64) float64 {
	if dtype == dtypes.Float32 {
		return float64(float32(v))
	}
	return v
}

// inside is the next number after bound on the way to the other one, but not so
// near that the distance would be lost where denormal numbers are.
func inside(dtype dtypes.DType, bound, other float64) float64 {
	next, least := math.Nextafter(bound, other), 1e-300
	if dtype == dtypes.Float32 {
		next, least = float64(math.Nextafter32(float32(bound), float32(other))), 1e-30
	}
	if step := least * (other - bound); math.Abs(next-bound) < math.Abs(step) {
		return bound + step
	}
	return next
}
