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
	// Sample draws count latents, [count, D].
	Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int) *Node
}

// Flow is the distribution of x = f(z) with z drawn from the base:
//
//	log p(x) = log p_Z(f⁻¹(x)) + log|det df⁻¹/dx|
//
// Source: Papamakarios et al. 2021, https://arxiv.org/abs/1912.02762, equation 3.
// It holds configuration; the numbers are in the store of the scope it is given.
type Flow struct {
	base  Base
	chain bijector.Chain
}

// New returns the flow that sends draws of base through the bijectors of chain,
// the first one first.
func New(base Base, chain bijector.Chain) *Flow {
	return &Flow{base: base, chain: chain}
}

// Chain returns the bijectors between latents and events, the first of Forward
// first. They live under "/flow".
func (f *Flow) Chain() bijector.Chain { return f.chain }

// LatentLogProb returns the log-density of each row of z, [B, D], under the base,
// in nats: [B].
func (f *Flow) LatentLogProb(scope *model.Scope, z *Node) *Node { return f.base.LogProb(scope, z) }

// LogProb returns the log-density of each row of x, in nats.
// x is [B, D]; context is [B, C], or nil; the result is [B].
func (f *Flow) LogProb(scope *model.Scope, x, context *Node) *Node {
	z, logDet := f.chain.Inverse(scope.At(scopeName), x, context)
	return Add(f.LatentLogProb(scope, z), logDet)
}

// Sample draws count events, [count, D], and returns their log-density [count].
// context is [count, C], or nil.
func (f *Flow) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, context *Node) (x, logProb *Node) {
	z := f.base.Sample(scope, g, dtype, count)
	x, logDet := f.chain.Forward(scope.At(scopeName), z, context)
	return x, Sub(f.LatentLogProb(scope, z), logDet)
}

// Forward returns z, the state after each bijector, and last x = f(z); each [B, D].
func (f *Flow) Forward(scope *model.Scope, z, context *Node) []*Node {
	states, _ := f.chain.ForwardStates(scope.At(scopeName), z, context)
	return states
}

// Inverse returns x, the state after undoing each bijector, and last z = f⁻¹(x); each [B, D].
func (f *Flow) Inverse(scope *model.Scope, x, context *Node) []*Node {
	states, _ := f.chain.InverseStates(scope.At(scopeName), x, context)
	return states
}

// scopeName is where a flow's variables live: what a model saves.
const scopeName = "flow"
