package bijector

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/tree"
	"normflow/internal/names"
)

// Chain applies bijectors one after another, the first one first in Forward:
//
//	f = f_n ∘ … ∘ f_1,   log|det df/dz| = Σ_i log|det df_i|
//
// The empty chain is the identity. Bijector i lives in the sub-scope "%02d" of i.
type Chain []Bijector

func init() {
	tree.RegisterAs("chain", func(c Chain) []tree.Of[Bijector] { return tree.List(c) },
		func(f []tree.Of[Bijector]) (Chain, error) { return tree.Parts(f), nil })
}

// Couplings returns the sum over the bijectors, see [Couplings].
func (c Chain) Couplings() (n int) {
	for _, b := range c {
		n += Couplings(b)
	}
	return n
}

// Forward implements [Bijector].
func (c Chain) Forward(scope *model.Scope, z, context *Node) (x, logDet *Node) {
	states, logDet := c.ForwardStates(scope, z, context)
	return states[len(states)-1], logDet
}

// Inverse implements [Bijector].
func (c Chain) Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node) {
	states, logDet := c.InverseStates(scope, x, context)
	return states[len(states)-1], logDet
}

// ForwardStates maps z forward and returns all states, n+1 nodes of shape [B, D]: z,
// then the output of each bijector; the last is x.
func (c Chain) ForwardStates(scope *model.Scope, z, context *Node) (states []*Node, logDet *Node) {
	states, logDet = []*Node{z}, zeroLogDet(z)
	for i, b := range c {
		x, ld := b.Forward(scope.At(names.Place, i), states[i], context)
		states, logDet = append(states, x), Add(logDet, ld)
	}
	return states, logDet
}

// InverseStates maps x back and returns all states, n+1 nodes of shape [B, D]: x, then
// the output of each inverse from the last bijector to the first; the last is z.
func (c Chain) InverseStates(scope *model.Scope, x, context *Node) (states []*Node, logDet *Node) {
	states, logDet = []*Node{x}, zeroLogDet(x)
	for i := len(c) - 1; i >= 0; i-- {
		z, ld := c[i].Inverse(scope.At(names.Place, i), states[len(states)-1], context)
		states, logDet = append(states, z), Add(logDet, ld)
	}
	return states, logDet
}
