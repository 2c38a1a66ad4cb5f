package twins

import (
	"math"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/figure"
	"normflow/notebooks/nb"
)

// For how long two curves are one is counted to the first step at which they are not.
func TestTogetherSaysForHowLong(t *testing.T) {
	zero, grows := []float64{0, 0, 0, 0}, []float64{0, 1e-5, 0.02, 1e-4}
	text := Together{ByHand: grows, Fast: zero, GoMLX: zero, ByHand64: []float64{0, 0, math.NaN(), 0}, GoMLX64: zero, Steps: 4}.String()
	for _, want := range []string{
		"by hand          within 0.001 nats of GoMLX for the first 2 of 4 steps, 0.0001 apart at the last\n",
		"fast             within 0.001 nats of GoMLX for the first 4 of 4 steps, 0 apart",
		"by hand, float64 within 0.001 nats of GoMLX for the first 2 of 4 steps",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestTogether(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "go")
	together := NewTogether(2, 40)
	s := together.Summary()
	// In float64 rounding alone, in float32 as well: 1e-7 of an NLL of 2, over a few layers.
	if !(s["float64_10"] < 1e-12) || !(s["float32_10"] < 1e-5) || !(s["fast_10"] < 1e-5) {
		t.Errorf("%v", s)
	}
	if first, last := together.GoMLX[0], together.GoMLX[39]; !(last < first-0.05) {
		t.Errorf("nothing was learned: NLL %g, then %g", first, last)
	}
	if slices.Equal(together.ByHand, together.GoMLX) || slices.Equal(together.Fast, together.ByHand) {
		t.Error("two engines are one")
	}
	if _, err := figure.Lines(nb.Info("together"), together.Curves(), together.Differences()); err != nil {
		t.Error(err)
	}
	together.ByHand = together.GoMLX
	if lines := together.Differences().Lines; len(lines) != 2 {
		t.Errorf("%d lines where one pair is equal", len(lines))
	}
}
