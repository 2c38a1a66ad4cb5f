package base

import (
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// StudentT has independent features with heavier tails than a Gaussian's; the smaller
// the degrees of freedom ν > 0, the heavier:
//
//	log p(z) = Σ_d log Γ((ν+1)/2) - log Γ(ν/2) - ½·log πν - ½(ν+1)·log(1 + z_d²/ν)
//
// It has no variables: ν is fixed, one for each feature. Use it for data with heavy
// tails, which a Lipschitz map cannot make from light ones: Jaini et al. 2020,
// https://arxiv.org/abs/1907.04481.
type StudentT struct {
	nu []float64
}

func init() {
	type form struct {
		Freedom []float64 `json:"freedom"` // ν of each feature
	}
	tree.RegisterAs("student", func(s *StudentT) form { return form{s.nu} },
		func(f form) (*StudentT, error) { return NewStudentT(f.Freedom...), nil })
}

// NewStudentT panics unless there is at least one ν and all are positive and finite.
func NewStudentT(nu ...float64) *StudentT {
	checkFeatures("StudentT", len(nu))
	for d, v := range nu {
		if !(v > 0) || math.IsInf(v, 0) {
			exceptions.Panicf("base: StudentT with %g degrees of freedom in feature %d; expected a positive finite number", v, d)
		}
	}
	return &StudentT{nu: slices.Clone(nu)}
}

// LogProb returns the log-density of each row of z, in nats. It is finite for every
// finite z. z is [B, D]; the result is [B]. It panics unless z has D features.
func (s *StudentT) LogProb(_ *model.Scope, z *Node) *Node {
	z.AssertDims(-1, len(s.nu))
	g, dtype := z.Graph(), z.DType()
	logNorm := 0.0
	power, inverseRoot := make([]float64, len(s.nu)), make([]float64, len(s.nu))
	for d, nu := range s.nu {
		logNorm += logGammaHalfStep(nu/2) - 0.5*math.Log(math.Pi*nu)
		power[d], inverseRoot[d] = -(nu+1)/2, 1/math.Sqrt(nu)
	}
	// log(1 + a²) without the square of a large a, which in float32 overflows at
	// 1e19: 2·log(big) + log(1 + (small/big)²), the two being 1 and a in order.
	a := Abs(Mul(z, row(g, dtype, inverseRoot)))
	big, small := MaxScalar(a, 1), MinScalar(a, 1)
	log1pSquare := Add(MulScalar(Log(big), 2), Log1p(Square(Div(small, big))))
	return AddScalar(ReduceSum(Mul(log1pSquare, row(g, dtype, power)), -1), logNorm)
}

// Sample draws count latents, [count, D], from the random state of the scope's
// store, temperature times as far from 0. It transforms uniform U and V,
//
//	z = √(ν·(U^(-2/ν) - 1))·cos 2πV,
//
// Bailey 1994, https://www.jstor.org/stable/2153537, exact for any real ν > 0.
// Draws are bounded by √ν·e^80 in float32 and √ν·e^700 in float64, beyond which
// they would overflow: 1 in 2^32 does at ν = 0.28 in float32.
func (s *StudentT) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node {
	shape := shapes.Make(dtype, count, len(s.nu))
	u := scope.RandomUniform(g, shape)
	v := scope.RandomUniform(g, shape)
	return scaled(s.polar(u, v), temperature)
}

// polar is Bailey's transformation of uniform numbers, [count, D], in [0, 1).
func (s *StudentT) polar(u, v *Node) *Node {
	g, dtype := u.Graph(), u.DType()
	inverse, root := make([]float64, len(s.nu)), make([]float64, len(s.nu))
	for d, nu := range s.nu {
		inverse[d], root[d] = 1/nu, math.Sqrt(nu)
	}
	// U is a multiple of 2^-32, or of 2^-64; its 0 counts as half a step.
	halfStep, maxLog := math.Ldexp(1, -33), 80.0
	if dtype == dtypes.Float64 {
		halfStep, maxLog = math.Ldexp(1, -65), 700
	}
	// √(U^(-2/ν) - 1) = e^h·√(1 - e^-2h), h = -log(U)/ν: the large factor is never
	// squared, and for large ν, where h is small, no digits cancel.
	h := Mul(Neg(Log(MaxScalar(u, halfStep))), row(g, dtype, inverse))
	radius := Mul(Exp(MinScalar(h, maxLog)), Sqrt(Neg(Expm1(MulScalar(h, -2)))))
	unit := Mul(radius, Cos(MulScalar(v, 2*math.Pi)))
	// Expm1 has no gradient in GoMLX, and nothing is learned from U and V.
	return StopGradient(Mul(unit, row(g, dtype, root)))
}

// logGammaHalfStep is log Γ(x+½) - log Γ(x). For large x the difference of two
// large numbers gives way to its expansion, from https://dlmf.nist.gov/5.11.E1
// (the next term is below 1e-18).
func logGammaHalfStep(x float64) float64 {
	if x > 1000 {
		return 0.5*math.Log(x) - 1/(8*x) + 1/(192*x*x*x)
	}
	above, _ := math.Lgamma(x + 0.5)
	below, _ := math.Lgamma(x)
	return above - below
}
