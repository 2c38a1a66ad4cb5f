package imageset

import (
	"math"
	"testing"

	"normflow/flowlib/imagelayer"
)

// Two pixels of three levels: all nine pictures have a probability, and together 1.
func TestHistogram(t *testing.T) {
	s := &Set{Shape: imagelayer.Shape{Height: 1, Width: 2, Channels: 1}, Levels: 3, Pixels: []byte{0, 2, 0, 1, 1, 2, 0, 2}}
	h := NewHistogram(s)
	if got, want := h.LogProb([]byte{0, 2}), math.Log(3.5/5.5)+math.Log(3.5/5.5); !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("got %g, want %g", got, want)
	}
	sum := 0.0
	for i := range byte(9) {
		sum += math.Exp(h.LogProb([]byte{i / 3, i % 3}))
	}
	if !(math.Abs(sum-1) <= 1e-12) {
		t.Errorf("probabilities sum to %g", sum)
	}
}
