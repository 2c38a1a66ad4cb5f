package imagelayer

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/bijector"
)

// Halves freezes the first half of the channels, or with flip the second. It panics
// unless there are at least two.
func Halves(channels int, flip bool) bijector.Mask {
	return checkMask(bijector.Halves(channels, flip))
}

// Checkerboard freezes the black squares of a checkerboard, or with flip the white
// ones. It is a mask over the channels of a squeezed image, where a block of 2×2 pixels
// is one pixel: top left and bottom right are black. It panics unless channels is a
// multiple of 4.
func Checkerboard(channels int, flip bool) bijector.Mask {
	if channels < 4 || channels%4 != 0 {
		exceptions.Panicf("imagelayer: a checkerboard is a mask of a squeezed image, whose channels are a multiple of 4, found %d", channels)
	}
	mask := make(bijector.Mask, channels)
	for c := range mask {
		corner := c / (channels / 4) // 0 top left, 1 top right, 2 bottom left, 3 bottom right
		mask[c] = (corner == 0 || corner == 3) != flip
	}
	return mask
}

// checkMask panics unless a mask has frozen and moving channels.
func checkMask(mask bijector.Mask) bijector.Mask {
	frozen := 0
	for _, f := range mask {
		if f {
			frozen++
		}
	}
	if frozen == 0 || frozen == len(mask) {
		exceptions.Panicf("imagelayer: a mask must freeze some channels and move others, found %d of %d frozen", frozen, len(mask))
	}
	return mask
}

// run is a run of channels that a mask treats alike.
type run struct {
	frozen     bool
	start, end int
}

func runsOf(mask bijector.Mask) (runs []run) {
	for c, frozen := range mask {
		if len(runs) == 0 || runs[len(runs)-1].frozen != frozen {
			runs = append(runs, run{frozen, c, c})
		}
		runs[len(runs)-1].end = c + 1
	}
	return runs
}

// split returns the frozen and the moving channels of v, whose last axis are channels.
func split(mask bijector.Mask, v *Node) (frozen, moving *Node) {
	var parts [2][]*Node
	for _, r := range runsOf(mask) {
		part := 1
		if r.frozen {
			part = 0
		}
		parts[part] = append(parts[part], channels(v, r.start, r.end))
	}
	return Concatenate(parts[0], -1), Concatenate(parts[1], -1)
}

// merge is the inverse of split.
func merge(mask bijector.Mask, frozen, moving *Node) *Node {
	var all []*Node
	var taken [2]int
	for _, r := range runsOf(mask) {
		from, part := moving, 1
		if r.frozen {
			from, part = frozen, 0
		}
		all = append(all, channels(from, taken[part], taken[part]+r.end-r.start))
		taken[part] += r.end - r.start
	}
	return Concatenate(all, -1)
}

// channels returns the channels from start to end, which are the last axis of v.
func channels(v *Node, start, end int) *Node {
	return Slice(v, AxisRange().Spacer(), AxisRange(start, end))
}
