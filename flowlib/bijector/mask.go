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
// unless at least one moves: without, the layer does nothing.
func (m Mask) parts() (frozen, moving []int) {
	for i, isFrozen := range m {
		if isFrozen {
			frozen = append(frozen, i)
		} else {
			moving = append(moving, i)
		}
	}
	if len(moving) == 0 {
		exceptions.Panicf("bijector: a mask needs at least one moving feature, got none of %d", len(m))
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

// mergeColumns puts the moving columns back in their places among the columns
// of v, [B, D], which keeps the frozen ones.
func (m Mask) mergeColumns(v, moving *Node) *Node {
	var runs []*Node
	taken := 0 // of moving
	for start := 0; start < len(m); {
		end := start + 1
		for end < len(m) && m[end] == m[start] {
			end++
		}
		if m[start] {
			runs = append(runs, Slice(v, AxisRange(), AxisRange(start, end)))
		} else {
			runs = append(runs, Slice(moving, AxisRange(), AxisRange(taken, taken+end-start)))
			taken += end - start
		}
		start = end
	}
	return Concatenate(runs, -1)
}
