package eval_test

import (
	"math"
	"testing"

	"normflow/flowlib/eval"
)

func TestHolmByHand(t *testing.T) {
	got := eval.Holm([]float64{0.03, 0.005, 0.04, 0.01})
	for i, want := range []float64{0.06, 0.02, 0.06, 0.03} { // 2·0.03, 4·0.005, max(0.06, 0.04), 3·0.01
		if !(math.Abs(got[i]-want) <= 1e-15) {
			t.Errorf("adjusted p-values are %v; number %d should be %g", got, i, want)
		}
	}
	if got := eval.Holm([]float64{0.9, 0.6}); got[0] != 1 || got[1] != 1 {
		t.Errorf("p-values above 1: %v", got)
	}
}
