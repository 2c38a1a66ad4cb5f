// Package flow joins a base distribution and a bijector into a density that can
// be scored exactly and sampled.
//
// [Flow] builds graphs; [Model] is a flow with numbers, which takes and returns
// plain rows and can be saved.
package flow

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
)

// Base is the distribution p_Z of the latents. See package base.
type Base interface {
	// LogProb returns the log-density of each row of z, [B, D], in nats: [B].
	LogProb(scope *model.Scope, z *Node) *Node
	// Sample draws count latents, [count, D], whose spread around their centres is
	// multiplied by temperature, a scalar; at 1 they follow LogProb.
	Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node
}

// Flow is the distribution of x = f(z) with z drawn from the base:
//
//	log p(x) = log p_Z(f⁻¹(x)) + log|det df⁻¹/dx|
//
// Source: Papamakarios et al. 2021, https://arxiv.org/abs/1912.02762, equation 3.
// It holds configuration; the numbers are in the store of the scope it is given.
type Flow struct {
	base          Base
	chain         bijector.Chain
	contextScaler *bijector.Elementwise // nil: the context as it is
}

// New returns the flow that sends draws of base through the bijectors of chain,
// the first one first.
func New(base Base, chain bijector.Chain) *Flow {
	return &Flow{base: base, chain: chain}
}

// Chain returns the bijectors between latents and events, the first of Forward
// first. Bijector i lives under "/flow/%02d" of i, and takes the context of
// [Flow.ScaledContext].
func (f *Flow) Chain() bijector.Chain { return f.chain }

// LatentLogProb returns the log-density of each row of z, [B, D], under the base,
// in nats: [B].
func (f *Flow) LatentLogProb(scope *model.Scope, z *Node) *Node {
	return f.base.LogProb(scope.At(scopeName).At(baseName), z)
}

// LogProb returns the log-density of each row of x, in nats.
// x is [B, D]; context is [B, C], or nil; the result is [B].
func (f *Flow) LogProb(scope *model.Scope, x, context *Node) *Node {
	z, logDet := f.chain.Inverse(scope.At(scopeName), x, f.ScaledContext(context))
	return Add(f.LatentLogProb(scope, z), logDet)
}

// Sample draws count events, [count, D], from the flow with the spread of its
// base multiplied by temperature, a scalar: 1 draws from the flow itself.
// context is [count, C], or nil.
func (f *Flow) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature, context *Node) *Node {
	x, _ := f.SampleLogProb(scope, g, dtype, count, temperature, context)
	return x
}

// SampleLogProb is Sample that returns the log-density [count] of the draws as
// well, under the flow at temperature 1, whatever they were drawn at.
func (f *Flow) SampleLogProb(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature, context *Node) (x, logProb *Node) {
	z := f.base.Sample(scope.At(scopeName).At(baseName), g, dtype, count, temperature)
	x, logDet := f.chain.Forward(scope.At(scopeName), z, f.ScaledContext(context))
	return x, Sub(f.LatentLogProb(scope, z), logDet)
}

// Initialize sets the variables that depend on data from x, [B, D], where that
// has not been done before. See [bijector.DataDependent].
func (f *Flow) Initialize(scope *model.Scope, x, context *Node) {
	f.chain.Initialize(scope.At(scopeName), x, f.ScaledContext(context), false)
}

// Forward returns z, the state after each bijector, and last x = f(z); each [B, D].
func (f *Flow) Forward(scope *model.Scope, z, context *Node) []*Node {
	states, _ := f.chain.ForwardStates(scope.At(scopeName), z, f.ScaledContext(context))
	return states
}

// Inverse returns x, the state after undoing each bijector, and last z = f⁻¹(x); each [B, D].
func (f *Flow) Inverse(scope *model.Scope, x, context *Node) []*Node {
	states, _ := f.chain.InverseStates(scope.At(scopeName), x, f.ScaledContext(context))
	return states
}

// ScaledContext returns the context, [B, C], as the bijectors of Chain see it:
// standardized, where the flow has a scaler for it. nil stays nil.
func (f *Flow) ScaledContext(context *Node) *Node {
	if context == nil || f.contextScaler == nil {
		return context
	}
	scaled, _ := f.contextScaler.Inverse(nil, context, nil)
	return scaled
}

const (
	scopeName = "flow" // where a flow's variables live: what a model saves
	baseName  = "base" // where those of its base live, below

	flowPrefix = "/" + scopeName + "/"
	basePrefix = flowPrefix + baseName + "/"
)
