package bijector

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"normflow/flowlib/tree"
)

// DefaultMaxLogScale bounds the log-scale of an affine coupling: one layer
// stretches or shrinks a feature by at most e³ ≈ 20.
const DefaultMaxLogScale = 3.0

// Scale names how an affine transform bounds its log-scale s.
type Scale string

// All are the identity at raw = 0, where their slope is 1, and odd: a flow
// stretches as easily as it shrinks.
const (
	// ScaleTanh is s = max·tanh(raw/max): smooth, |s| < max.
	ScaleTanh Scale = "tanh"

	// ScaleSoftclip is s = raw/(1 + |raw|/max): |s| < max, approached more slowly.
	// As zuko's MonotonicAffineTransform.
	ScaleSoftclip Scale = "softclip"

	// ScaleExp is s = raw, of any size, as in the RealNVP paper. Beware: a few
	// wild steps of training overflow exp(s), and the NLL is NaN from there on.
	ScaleExp Scale = "exp"
)

// Scales lists the ways to bound a log-scale.
var Scales = []Scale{ScaleTanh, ScaleSoftclip, ScaleExp}

// Affine scales and shifts, the transform of RealNVP:
//
//	τ(z) = z·exp(s) + t,   log|∂τ/∂z| = s
//
// The first raw parameter becomes s through Scale, the second is t. The zero
// value is ScaleTanh at [DefaultMaxLogScale].
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, equations 7 and 8;
// their f runs x -> z, and leaves the bound on s to the network.
type Affine struct {
	Scale       Scale
	MaxLogScale float64 // bound on |s|, nats; ScaleExp has none
}

func init() {
	type form struct {
		Scale       Scale   `json:"scale"`
		MaxLogScale float64 `json:"max_log_scale"`
	}
	tree.RegisterAs("affine", func(a Affine) form {
		scale, limit := a.usual()
		return form{scale, limit}
	}, func(f form) (Affine, error) {
		return Affine(f), Affine(f).check()
	})
}

// usual returns the fields, with defaults instead of zeros.
func (a Affine) usual() (scale Scale, limit float64) {
	return cmp.Or(a.Scale, ScaleTanh), cmp.Or(a.MaxLogScale, DefaultMaxLogScale)
}

// check returns an error for an unknown Scale, and for a bound that is not positive and
// finite: max·tanh(raw/max) is NaN at infinity.
func (a Affine) check() error {
	scale, limit := a.usual()
	if !(limit > 0) || math.IsInf(limit, 0) {
		return fmt.Errorf("bijector: the bound on the log-scale must be positive and finite, found %g", limit)
	}
	if !slices.Contains(Scales, scale) {
		return fmt.Errorf("bijector: unknown scale %q, known: %q", scale, Scales)
	}
	return nil
}

// NumParameters implements [Transform].
func (Affine) NumParameters() int { return 2 }

// Forward implements [Transform].
func (a Affine) Forward(v, raw *Node) (out, logDeriv *Node) {
	logScale, shift := a.logScale(parameter(raw, 0)), parameter(raw, 1)
	return Add(Mul(v, Exp(logScale)), shift), logScale
}

// Inverse implements [Transform].
func (a Affine) Inverse(v, raw *Node) (out, logDeriv *Node) {
	logScale, shift := Neg(a.logScale(parameter(raw, 0))), parameter(raw, 1)
	return Mul(Sub(v, shift), Exp(logScale)), logScale
}

// logScale panics where check returns an error.
func (a Affine) logScale(raw *Node) *Node {
	if err := a.check(); err != nil {
		panic(err)
	}
	switch scale, limit := a.usual(); scale {
	case ScaleSoftclip:
		return Div(raw, OnePlus(DivScalar(Abs(raw), limit)))
	case ScaleExp:
		return raw
	default:
		return MulScalar(Tanh(DivScalar(raw, limit)), limit)
	}
}
