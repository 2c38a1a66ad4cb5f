package main

import (
	"strings"
	"testing"
)

// A short training is enough to see that the picture is whole and small enough for the
// top of a page, and that its flow learns.
func TestDraw(t *testing.T) {
	svg, err := draw(60)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(svg), "<animateMotion"); n != dots+1 {
		t.Errorf("%d moving things, want %d points and a mark", n, dots)
	}
	if len(svg) > 300_000 {
		t.Errorf("%d bytes, want at most 300,000", len(svg))
	}
}

func TestStepsRise(t *testing.T) {
	for _, steps := range []int{frames, 2000} {
		for frame := 1; frame < frames; frame++ {
			if stepOf(frame, steps) <= stepOf(frame-1, steps) {
				t.Errorf("frame %d of %d steps is at step %d, the one before at %d", frame, steps, stepOf(frame, steps), stepOf(frame-1, steps))
			}
		}
		if last := stepOf(frames-1, steps); last != steps {
			t.Errorf("the last frame is at step %d of %d", last, steps)
		}
	}
}
