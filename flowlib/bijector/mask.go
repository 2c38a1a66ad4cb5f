package bijector

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Mask says which features a coupling layer leaves alone: true = frozen, the
// feature passes unchanged and feeds the conditioner; false = it moves.
type Mask []bool

// Alternating freezes every other feature: the odd ones, or with flip the even
// ones. Layers of a flow take turns, so that each feature moves in every second
// layer. With an odd number of features the two halves differ by one.
func Alternating(features int, flip bool) Mask {
	mask := make(Mask, features)
	for i := range mask {
		mask[i] = (i%2 == 1) != flip
	}
	return mask
}

// parts returns the indices of the frozen and of the moving features. It panics
// unless there is at least one of each: without a frozen feature nothing feeds
// the conditioner, without a moving one the layer does nothing.
func (m Mask) parts() (frozen, moving []int) {
	for i, isFrozen := range m {
		if isFrozen {
			frozen = append(frozen, i)
		} else {
			moving = append(moving, i)
		}
	}
	if len(frozen) == 0 || len(moving) == 0 {
		exceptions.Panicf("bijector: a mask needs at least one frozen and one moving feature, got %d frozen and %d moving of %d",
			len(frozen), len(moving), len(m))
	}
	return frozen, moving
}

// takeColumns returns the columns of x, [B, D], named by indices, in that
// order: [B, len(indices)]. Slices, not a gather: their gradient is cheap on
// every backend.
func takeColumns(x *Node, indices []int) *Node {
	var runs []*Node
	for start := 0; start < len(indices); {
		end := start + 1
		for end < len(indices) && indices[end] == indices[end-1]+1 {
			end++
		}
		runs = append(runs, Slice(x, AxisRange(), AxisRange(indices[start], indices[end-1]+1)))
		start = end
	}
	if len(runs) == 1 {
		return runs[0]
	}
	return Concatenate(runs, -1)
}

// mergeColumns undoes takeColumns: it puts the frozen and the moving columns
// back in their places, [B, D].
func (m Mask) mergeColumns(frozen, moving *Node) *Node {
	frozenAt, movingAt := m.parts()
	place := make([]int, len(m))
	for i, j := range append(frozenAt, movingAt...) {
		place[j] = i
	}
	return takeColumns(Concatenate([]*Node{frozen, moving}, -1), place)
}
