package byhand

import (
	"fmt"
	"math"
)

// Check returns an error that names the first part of f that does not fit: a mask, the
// shape of a dense layer, a bound, or a weight that is not finite. Without Check the
// other methods would panic or return NaN.
func (f *Flow[T]) Check() error {
	if f.Features < 1 {
		return fmt.Errorf("byhand: %d features, expected at least 1", f.Features)
	}
	for i := range f.Layers {
		if err := f.Layers[i].check(f.Features); err != nil {
			return fmt.Errorf("byhand: coupling %d: %w", i, err)
		}
	}
	return nil
}

func (c *Coupling[T]) check(features int) error {
	width, moving := c.inputs()
	switch {
	case len(c.Mask) != features:
		return fmt.Errorf("a mask of %d for %d features", len(c.Mask), features)
	case moving == 0:
		return fmt.Errorf("the mask freezes all %d features, expected one that moves", features)
	case !(c.InputBound > 0):
		return fmt.Errorf("the bound on the conditioner's input is %g, expected a positive number", c.InputBound)
	case !(c.MaxLogScale > 0) || !finite(c.MaxLogScale):
		return fmt.Errorf("the bound on the log-scale is %g, expected a positive number", c.MaxLogScale)
	case len(c.Conditioner) == 0:
		return fmt.Errorf("the conditioner has no layer")
	}
	for i, l := range c.Conditioner {
		if l.In != width || len(l.W) != l.In*l.Out || len(l.B) != l.Out {
			return fmt.Errorf("dense layer %d is [%d, %d] with %d weights and %d biases, and gets %d inputs", i, l.In, l.Out, len(l.W), len(l.B), width)
		}
		for _, values := range [][]T{l.W, l.B} {
			for _, v := range values {
				if !finite(float64(v)) {
					return fmt.Errorf("dense layer %d has a weight %g", i, v)
				}
			}
		}
		width = l.Out
	}
	if width != 2*moving {
		return fmt.Errorf("the conditioner has %d outputs for %d moving features, expected two for each", width, moving)
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
