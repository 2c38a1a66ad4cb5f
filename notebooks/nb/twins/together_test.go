package twins

import (
	"slices"
	"testing"

	"normflow/flowlib/figure"
	"normflow/notebooks/nb"
)

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
