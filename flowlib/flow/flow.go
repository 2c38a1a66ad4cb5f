// Package flow combines a base distribution and a bijector into a density that can be
// evaluated exactly and sampled.
//
// [Flow] builds graphs and works in standardized units. [Model] is a flow with its
// weights: it takes and returns plain rows in the units of the data, see [Units], and
// can be saved.
package flow

import (
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
	"normflow/internal/names"
)

// Base is p_Z, the distribution of the latents. See package base.
type Base interface {
	// LogProb returns the log-density of each row of z, [B, D], in nats, as [B].
	LogProb(scope *model.Scope, z *Node) *Node
	// Sample draws count latents, [count, D]. The scalar temperature multiplies their
	// spread around the centers; at 1 they follow LogProb.
	Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node
}

// Flow is the distribution of x = f(z) with z drawn from the base:
//
//	log p(x) = log p_Z(f⁻¹(x)) + log|det df⁻¹/dx|
//
// A Flow holds configuration only; the weights are in the store of the scope passed to
// its methods.
//
// Source: Papamakarios et al. 2021, https://arxiv.org/abs/1912.02762, equation 3.
type Flow struct {
	base  Base
	chain bijector.Chain
}

// New returns the flow that sends draws of base through the bijectors of chain, in
// order.
func New(base Base, chain bijector.Chain) *Flow {
	return &Flow{base: base, chain: slices.Clone(chain)}
}

// Base returns the distribution of the latents. Its variables are under "/flow/base".
func (f *Flow) Base() Base { return f.base }

// Couplings returns the number of coupling layers, including those inside other
// bijectors.
func (f *Flow) Couplings() int { return bijector.Couplings(f.chain) }

// Chain returns the bijectors in the order of Forward. The variables of bijector i are
// under "/flow/%02d", formatted with i.
func (f *Flow) Chain() bijector.Chain { return slices.Clone(f.chain) }

// LatentLogProb returns the log-density of each row of z, [B, D], under the base, in
// nats, as [B].
func (f *Flow) LatentLogProb(scope *model.Scope, z *Node) *Node {
	return f.base.LogProb(scope.At(names.Flow).At(names.Base), z)
}

// LogProb returns the log-density of each row of x, in nats and in the precision of x.
// It is meant for training; use Score for results. x is [B, D]; context is [B, C], or
// nil; the result is [B].
func (f *Flow) LogProb(scope *model.Scope, x, context *Node) *Node {
	return f.logProb(scope, x, context, x.DType())
}

// Score returns what LogProb does, computed in float64 whatever the precision of x,
// except for the networks of the conditioners, which are most of the work. In float32
// steep flows lose digits, and the square of a latent beyond 10¹⁹ overflows. Numbers
// outside the range of x's precision still become infinite, as in package fast.
func (f *Flow) Score(scope *model.Scope, x, context *Node) *Node {
	return f.logProb(scope, x, context, dtypes.Float64)
}

// logProb computes in the given precision.
func (f *Flow) logProb(scope *model.Scope, x, context *Node, precision dtypes.DType) *Node {
	scope = scope.At(names.Flow)
	z, context := ConvertDType(x, precision), inPrecision(context, precision)
	var logDets []*Node
	for i := len(f.chain) - 1; i >= 0; i-- {
		var logDet *Node
		z, logDet = f.chain[i].Inverse(scope.At(names.Place, i), z, context)
		z, logDets = withinRange(z, x.DType()), append(logDets, logDet)
	}
	logProb := f.base.LogProb(scope.At(names.Base), z)
	for _, logDet := range logDets {
		logProb = Add(logProb, logDet)
	}
	return logProb
}

func inPrecision(context *Node, precision dtypes.DType) *Node {
	if context == nil {
		return nil
	}
	return ConvertDType(context, precision)
}

// withinRange replaces numbers outside the range of the given precision by ±Inf.
func withinRange(v *Node, precision dtypes.DType) *Node {
	if v.DType() == precision {
		return v
	}
	infinity := Mul(Sign(v), Infinity(v.Graph(), v.DType(), 1))
	return Where(GreaterThan(Abs(v), Scalar(v.Graph(), v.DType(), math.MaxFloat32)), infinity, v)
}

// Sample draws count events, [count, D]. The scalar temperature multiplies the spread
// of the base; 1 draws from the flow itself. context is [count, C], or nil. The latents
// are drawn in precision dtype and mapped to events as in Score.
func (f *Flow) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature, context *Node) *Node {
	x, _ := f.SampleLogProb(scope, g, dtype, count, temperature, context)
	return x
}

// SampleLogProb draws as Sample does and also returns the log-density of each event,
// [count], in nats: under the flow at temperature 1, whatever the temperature of the
// draws.
func (f *Flow) SampleLogProb(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature, context *Node) (x, logProb *Node) {
	return f.sample(scope, g, dtype, count, count, temperature, context)
}

// sample returns the first keep of count events, which are the same whatever keep is, up
// to rounding. context is [keep, C].
func (f *Flow) sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count, keep int, temperature, context *Node) (x, logProb *Node) {
	scope = scope.At(names.Flow)
	x = ConvertDType(f.base.Sample(scope.At(names.Base), g, dtype, count, temperature), dtypes.Float64)
	x = Slice(x, AxisRange(0, keep))
	logProb, context = f.base.LogProb(scope.At(names.Base), x), inPrecision(context, dtypes.Float64)
	for i, b := range f.chain {
		var logDet *Node
		x, logDet = b.Forward(scope.At(names.Place, i), x, context)
		logProb = Sub(logProb, logDet)
	}
	return x, logProb
}

// Initialize sets the variables that depend on data, if they are not set yet, from x,
// [B, D]. See [bijector.DataDependent].
func (f *Flow) Initialize(scope *model.Scope, x, context *Node) {
	f.chain.Initialize(scope.At(names.Flow), x, context, false)
}

// Forward returns z, the state after each bijector, and x = f(z) last, each [B, D].
func (f *Flow) Forward(scope *model.Scope, z, context *Node) []*Node {
	states, _ := f.chain.ForwardStates(scope.At(names.Flow), z, context)
	return states
}

// Inverse returns x, the state after undoing each bijector, and z = f⁻¹(x) last, each
// [B, D].
func (f *Flow) Inverse(scope *model.Scope, x, context *Node) []*Node {
	states, _ := f.chain.InverseStates(scope.At(names.Flow), x, context)
	return states
}
