package numbers

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	for want, values := range map[float64][]float64{2: {3, 1, 2}, 3: {4, 1, 2, 10}, 7: {7}} {
		if got := Median(values); got != want {
			t.Errorf("of %v: %g, expected %g", values, got, want)
		}
	}
}

func TestFinite(t *testing.T) {
	for v, want := range map[float64]bool{0: true, math.MaxFloat64: true, math.Inf(1): false, math.Inf(-1): false, math.NaN(): false} {
		if Finite(v) != want {
			t.Errorf("%g: %v", v, !want)
		}
	}
}
