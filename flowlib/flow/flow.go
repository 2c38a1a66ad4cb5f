// Package flow joins a base distribution and a bijector into a density that can
// be scored exactly and sampled.
//
// [Flow] builds graphs, in standardized units; [Model] is a flow with numbers, which
// takes and returns plain rows in the units of the data, see [Units], and can be saved.
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
	base  Base
	chain bijector.Chain
}

// New returns the flow that sends draws of base through the bijectors of chain,
// the first one first.
func New(base Base, chain bijector.Chain) *Flow {
	return &Flow{base: base, chain: chain}
}

// Chain returns the bijectors between latents and events, the first of Forward
// first. Bijector i lives under "/flow/%02d" of i.
func (f *Flow) Chain() bijector.Chain { return f.chain }

// LatentLogProb returns the log-density of each row of z, [B, D], under the base,
// in nats: [B].
func (f *Flow) LatentLogProb(scope *model.Scope, z *Node) *Node {
	return f.base.LogProb(scope.At(scopeName).At(baseName), z)
}

// LogProb returns the log-density of each row of x, in nats, in the precision of x:
// for training. x is [B, D]; context is [B, C], or nil; the result is [B].
func (f *Flow) LogProb(scope *model.Scope, x, context *Node) *Node {
	return f.logProb(scope, x, context, x.DType())
}

// Score is LogProb whose last step is in float64: the density of the base, whose
// squares overflow a float32 for latents beyond 10¹⁹, and the sum of what the
// bijectors add. It needs variables that are there already.
func (f *Flow) Score(scope *model.Scope, x, context *Node) *Node {
	return f.logProb(scope, x, context, dtypes.Float64)
}

// logProb sums in the given precision.
func (f *Flow) logProb(scope *model.Scope, x, context *Node, sum dtypes.DType) *Node {
	scope = scope.At(scopeName)
	z, logDets := x, []*Node{}
	for i := len(f.chain) - 1; i >= 0; i-- {
		var logDet *Node
		z, logDet = f.chain[i].Inverse(scope.At("%02d", i), z, context)
		logDets = append(logDets, logDet)
	}
	logProb := f.base.LogProb(scope.At(baseName), ConvertDType(z, sum))
	for _, logDet := range logDets {
		logProb = Add(logProb, ConvertDType(logDet, sum))
	}
	return logProb
}

// Sample draws count events, [count, D], from the flow with the spread of its
// base multiplied by temperature, a scalar: 1 draws from the flow itself.
// context is [count, C], or nil.
func (f *Flow) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature, context *Node) *Node {
	x, _ := f.SampleLogProb(scope, g, dtype, count, temperature, context)
	return x
}

// SampleLogProb is Sample that returns the log-density [count] of the draws as
// well, under the flow at temperature 1, whatever they were drawn at, summed as by Score.
func (f *Flow) SampleLogProb(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature, context *Node) (x, logProb *Node) {
	z := f.base.Sample(scope.At(scopeName).At(baseName), g, dtype, count, temperature)
	scope = scope.At(scopeName)
	x, logProb = z, f.base.LogProb(scope.At(baseName), ConvertDType(z, dtypes.Float64))
	for i, b := range f.chain {
		var logDet *Node
		x, logDet = b.Forward(scope.At("%02d", i), x, context)
		logProb = Sub(logProb, ConvertDType(logDet, dtypes.Float64))
	}
	return x, logProb
}

// Initialize sets the variables that depend on data from x, [B, D], where that
// has not been done before. See [bijector.DataDependent].
func (f *Flow) Initialize(scope *model.Scope, x, context *Node) {
	f.chain.Initialize(scope.At(scopeName), x, context, false)
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

const (
	scopeName = "flow" // where a flow's variables live: what a model saves
	baseName  = "base" // where those of its base live, below

	flowPrefix = "/" + scopeName + "/"
	basePrefix = flowPrefix + baseName + "/"
)
