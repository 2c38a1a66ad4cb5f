package fast

import (
	"errors"
	"fmt"
)

// Flow describes what an engine computes: layers over a unit Gaussian. It knows no
// weights; see [Engine.Weights].
type Flow struct {
	Features int     // D
	Layers   []Layer // z to x
}

// Layer is a bijector that this package has: a [Coupling].
type Layer interface {
	// plan lays out the weights from *size on, which it moves behind them. The error
	// says what does not fit together.
	plan(features int, size *int) (layer, error)
}

// Coupling is an affine coupling. Its conditioner is a network of dense layers with
// ReLUs between them, as in package byhand.
type Coupling struct {
	Mask        []bool // [D], true = frozen
	Hidden      []int  // widths of the conditioner's hidden layers
	InputBound  float64
	MaxLogScale float64
}

// maxLogScale keeps exp(s) within a float32.
const maxLogScale = 80

func (c Coupling) plan(features int, size *int) (layer, error) {
	l := layer{inputBound: float32(c.InputBound), maxLogScale: float32(c.MaxLogScale)}
	if len(c.Mask) != features {
		return l, fmt.Errorf("a mask of %d for %d features", len(c.Mask), features)
	}
	if !(c.InputBound > 0) || !(c.MaxLogScale > 0) || c.MaxLogScale > maxLogScale {
		return l, fmt.Errorf("input bound %g and log-scale bound %g: expected positive ones, the second at most %d", c.InputBound, c.MaxLogScale, maxLogScale)
	}
	for i, frozen := range c.Mask {
		if frozen {
			l.frozen = append(l.frozen, i)
		} else {
			l.moving = append(l.moving, i)
		}
	}
	if len(l.moving) == 0 {
		return l, errors.New("a mask without a moving feature, expected at least one")
	}
	in := max(1, len(l.frozen)) // with nothing frozen the conditioner reads a one
	for i, out := range append(c.Hidden[:len(c.Hidden):len(c.Hidden)], 2*len(l.moving)) {
		if out < 1 {
			return l, fmt.Errorf("dense layer %d has width %d, expected at least 1", i, out)
		}
		d := dense{in: in, out: out, stride: out, at: *size}
		if !d.narrow() {
			d.stride = roundUp(out)
		}
		*size += roundUp(d.size())
		l.dense = append(l.dense, d)
		in = out
	}
	return l, nil
}
