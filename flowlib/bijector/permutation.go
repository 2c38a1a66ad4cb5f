package bijector

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// Permutation reorders the features, so that coupling layers with the same mask move
// different features:
//
//	x_i = z_{indices[i]},   log|det df/dz| = 0
//
// It has no variables; the indices are part of the flow's design.
type Permutation struct {
	indices, inverse []int
}

func init() {
	tree.RegisterAs("permutation", func(p *Permutation) []int { return p.indices },
		func(indices []int) (*Permutation, error) { return NewPermutation(indices), nil })
}

// NewPermutation panics unless indices names each feature once.
func NewPermutation(indices []int) *Permutation {
	inverse := slices.Repeat([]int{-1}, len(indices))
	for i, j := range indices {
		if j < 0 || j >= len(indices) || inverse[j] >= 0 {
			exceptions.Panicf("bijector: a permutation of %d features names each of 0..%d once, found %v", len(indices), len(indices)-1, indices)
		}
		inverse[j] = i
	}
	if len(indices) == 0 {
		exceptions.Panicf("bijector: a permutation needs at least one feature")
	}
	return &Permutation{indices: slices.Clone(indices), inverse: inverse}
}

// Reversal returns the permutation that reverses the features. It panics unless
// features > 0.
func Reversal(features int) *Permutation {
	indices := make([]int, max(features, 0))
	for i := range indices {
		indices[i] = features - 1 - i
	}
	return NewPermutation(indices)
}

// Forward implements [Bijector].
func (p *Permutation) Forward(_ *model.Scope, z, _ *Node) (x, logDet *Node) {
	z.AssertDims(-1, len(p.indices))
	return takeColumns(z, p.indices), zeroLogDet(z)
}

// Inverse implements [Bijector].
func (p *Permutation) Inverse(_ *model.Scope, x, _ *Node) (z, logDet *Node) {
	x.AssertDims(-1, len(p.indices))
	return takeColumns(x, p.inverse), zeroLogDet(x)
}
