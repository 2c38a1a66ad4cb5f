package imagelayer

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// Probit is for shares, 0 < u < 1 in each feature: where they are uniform, latents are
// normal. It takes what a [Histogram] makes of pixels to where a flow begins, so that a
// new flow behind it has the histograms exactly, and no number is drawn outside of them.
//
//	z = Φ⁻¹(u),   log|det dz/du| = Σ_d z_d²/2 + ln(2π)/2
//
// Shares are kept 2⁻²⁴ away from 0 and 1, the first step of float32, and so latents
// within ±5.3: of normal draws one of ten million is beyond. In float64 it is 2⁻⁴⁶ and ±7.6.
// Outside of [0, 1] Inverse returns the log-determinant -Inf, and so a density of zero.
type Probit struct {
	features int
}

func init() {
	type form struct {
		Features int `json:"features"`
	}
	tree.RegisterAs("image_probit", func(p *Probit) form { return form{p.features} },
		func(f form) (*Probit, error) { return NewProbit(f.Features), nil })
}

// NewProbit panics unless there is a feature.
func NewProbit(features int) *Probit {
	if features < 1 || features > maxFeatures {
		exceptions.Panicf("imagelayer: probits of %d features, expected 1 to %d", features, maxFeatures)
	}
	return &Probit{features}
}

// Inverse implements [bijector.Bijector].
func (p *Probit) Inverse(_ *model.Scope, u, _ *Node) (z, logDet *Node) {
	u.AssertDims(-1, p.features)
	outside := LogicalOr(LessThan(u, ZerosLike(u)), GreaterThan(u, OnesLike(u))) // false for NaN, which stays NaN
	z = quantile(share(u))
	return z, Where(LogicalAny(outside, -1), Infinity(u.Graph(), u.DType(), -1), ReduceSum(logSlope(z), -1))
}

// Forward implements [bijector.Bijector].
func (p *Probit) Forward(_ *model.Scope, z, _ *Node) (u, logDet *Node) {
	z.AssertDims(-1, p.features)
	return share(cdf(z)), Neg(ReduceSum(logSlope(z), -1))
}

// cdf is Φ(z), with its gradient φ(z): GoMLX has none of erf.
func cdf(z *Node) *Node {
	at := StopGradient(z)
	return Add(StopGradient(below(at)), Mul(Exp(Neg(logSlope(at))), Sub(z, at)))
}

// below is Φ(z), without a gradient.
func below(z *Node) *Node {
	return MulScalar(OnePlus(Erf(MulScalar(z, math.Sqrt2/2))), 0.5)
}

// logSlope is -ln φ(z), that of dz/du.
func logSlope(z *Node) *Node {
	return AddScalar(MulScalar(Square(z), 0.5), 0.5*math.Log(2*math.Pi))
}

// share keeps u within its bounds, with a gradient.
func share(u *Node) *Node {
	least := 1.0 / (1 << 24)
	if u.DType() == dtypes.Float64 {
		least = 1.0 / (1 << 46)
	}
	return MinScalar(MaxScalar(u, least), 1-least)
}

// quantile is Φ⁻¹(u): an approximation, to about 10⁻⁷ where u and 1-u are more than 10⁻⁷,
// and steps of Halley's method from there, which give the precision of float64, two because of
// the shares beyond. The last gives, since what came before is a constant to it, the gradient
// 1/φ. In float32 the step is for the gradient alone: far out, where 1-u has few digits, it
// would be rounding, many times enlarged.
//
// Source: Giles 2012, Approximating the erfinv function, GPU Computing Gems, table 5.
func quantile(u *Node) *Node {
	constant := StopGradient(u)
	w := Neg(Log(MulScalar(Mul(constant, OneMinus(constant)), 4)))
	far := Sqrt(MaxScalar(w, 1))
	x := Where(LessThan(w, MulScalar(OnesLike(w), 5)),
		polynomial(AddScalar(w, -2.5), 2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
		polynomial(AddScalar(far, -3), -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682))
	z := StopGradient(MulScalar(Mul(x, AddScalar(MulScalar(constant, 2), -1)), math.Sqrt2))
	if u.DType() != dtypes.Float64 {
		return halley(u, z, constant)
	}
	z = StopGradient(halley(constant, z, below(z)))
	return halley(u, z, below(z))
}

// halley is a step from z towards the quantile of u; at is Φ(z).
func halley(u, z, at *Node) *Node {
	step := Mul(Sub(u, at), Exp(logSlope(z)))
	return Add(z, Div(step, OneMinus(MulScalar(Mul(z, step), 0.5))))
}

// polynomial has the given coefficients, that of the highest power first.
func polynomial(x *Node, coefficients ...float64) *Node {
	sum := MulScalar(OnesLike(x), coefficients[0])
	for _, c := range coefficients[1:] {
		sum = AddScalar(Mul(sum, x), c)
	}
	return sum
}
