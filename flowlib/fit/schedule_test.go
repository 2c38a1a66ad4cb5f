package fit

import (
	"math"
	"testing"
)

func TestLearningRateSchedule(t *testing.T) {
	cfg := Config{Steps: 110, WarmUp: 10, LearningRate: 2}
	for step, want := range map[int]float64{0: 0.2, 9: 2, 10: 2, 60: 1} {
		if got := cfg.learningRate(step); !(math.Abs(got-want) <= 1e-12) {
			t.Errorf("step %d: %g, want %g", step, got, want)
		}
	}
	if last := cfg.learningRate(109); !(last > 0 && last <= 0.001) {
		t.Errorf("last step: %g, want almost 0", last)
	}
	cfg.Constant = true
	if first, last := cfg.learningRate(0), cfg.learningRate(109); !(first == 0.2 && last == 2) {
		t.Errorf("constant: from %g to %g, want 0.2 to 2", first, last)
	}
}
