package figure

import (
	"testing"
)

// Both ends of the colour circle are one colour, and no two neighbours of 36 look the same.
func TestCyclic(t *testing.T) {
	if cyclic(0) != cyclic(1) {
		t.Errorf("cyclic(0) = %v, cyclic(1) = %v", cyclic(0), cyclic(1))
	}
	for k := range 36 {
		if a, b := cyclic(float64(k)/36), cyclic(float64(k+1)/36); a == b {
			t.Errorf("colours %d and %d are both %v", k, k+1, a)
		}
	}
	if first, last := sequential(0), sequential(1); hex(first) != "#440154" || hex(last) != "#fde725" {
		t.Errorf("viridis goes from %v to %v", first, last)
	}
}
