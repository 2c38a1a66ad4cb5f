package bijector

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/internal/show"
)

// Mask says which features a coupling layer freezes. True is frozen: the feature passes
// unchanged and feeds the conditioner. False is moving.
type Mask []bool

// Alternating freezes every other feature: the odd ones, or with flip the even
// ones. Layers of a flow take turns, so that each feature moves in every second
// layer. With an odd number of features the two halves differ by one.
// It panics unless features > 0.
func Alternating(features int, flip bool) Mask {
	mask := newMask(features, 1)
	for i := range mask {
		mask[i] = (i%2 == 1) != flip
	}
	return mask
}

// Halves freezes the first half of the features, or with flip the second; the
// second has one more if their number is odd. It panics unless features > 0.
func Halves(features int, flip bool) Mask {
	mask := newMask(features, 1)
	for i := range mask {
		mask[i] = (i < features/2) != flip
	}
	return mask
}

// RandomMask freezes half of the features, rounded down, at random. The same seed gives
// the same mask. It panics unless features > 1.
func RandomMask(features int, seed int64) Mask {
	mask := newMask(features, 2)
	for _, i := range rand.New(rand.NewPCG(uint64(seed), 0)).Perm(features)[:features/2] {
		mask[i] = true
	}
	return mask
}

func newMask(features, atLeast int) Mask {
	if features < atLeast {
		exceptions.Panicf("bijector: this mask needs %d features or more, found %d", atLeast, features)
	}
	return make(Mask, features)
}

// String returns a letter for each feature, f for frozen and m for moving.
func (m Mask) String() string {
	letters := bytes.Repeat([]byte("m"), len(m))
	for i, frozen := range m {
		if frozen {
			letters[i] = 'f'
		}
	}
	return string(letters)
}

// ParseMask parses the result of [Mask.String]. It returns an error unless a feature
// moves.
func ParseMask(letters string) (Mask, error) {
	if strings.Trim(letters, "fm") != "" || !strings.Contains(letters, "m") {
		return nil, fmt.Errorf("found %s, expected f for frozen and m for moving features, at least one of which moves", show.Quoted(letters))
	}
	mask := make(Mask, len(letters))
	for i := range mask {
		mask[i] = letters[i] == 'f'
	}
	return mask, nil
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
		exceptions.Panicf("bijector: a mask needs at least one moving feature, found none of %d", len(m))
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
