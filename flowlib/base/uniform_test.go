package base

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
)

func TestUniformOutsideItsBox(t *testing.T) {
	h := newHarness(t, NewUniform([]float64{-1, 0}, []float64{1, 0.5}), dtypes.Float64)
	inf := math.Inf(1)
	outside := [][]float64{{-1.001, 0.2}, {0, 0.501}, {2, 2}, {inf, 0.2}, {0, -inf}}
	for i, lp := range h.logProb(outside) {
		if !math.IsInf(lp, -1) {
			t.Errorf("log-density at %v is %g", outside[i], lp)
		}
	}
	for _, v := range h.gradients(append(outside, []float64{0, 0.2}))["z"] {
		if v != 0 {
			t.Errorf("gradient is %g", v)
		}
	}
	for i, lp := range h.logProb([][]float64{{-1, 0}, {1, 0.5}, {0, 0.2}}) {
		if lp != 0 { // the volume is 1
			t.Errorf("log-density of point %d in the box or on its edge is %g", i, lp)
		}
	}
}

// However the bounds round, every draw has a density. The second box is 17.4
// float32 steps wide and its centre 8.7, which round to 17 and 9: 9 + 8.7 lies outside.
func TestUniformDrawsInsideItsBox(t *testing.T) {
	lo, hi := []float64{-0.1, 1000, 1e-3, -3e30}, []float64{1e3, 1000.001062, 0.3, 1e30}
	h := newHarness(t, NewUniform(lo, hi), dtypes.Float32)
	for i, lp := range h.logProb(h.sample(1, 20000, 1)) {
		if math.IsInf(lp, 0) || math.IsNaN(lp) {
			t.Fatalf("draw %d has log-density %g", i, lp)
		}
	}
}
