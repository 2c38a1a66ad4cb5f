package eval_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"normflow/flowlib/eval"
)

func TestEffectiveSampleSizeByHand(t *testing.T) {
	inf := math.Inf(1)
	for _, tt := range []struct {
		logWeights  []float64
		size, share float64
	}{
		{[]float64{3, 3, 3, 3}, 4, 1},
		{[]float64{-2000, -2000}, 2, 1}, // below the smallest float64
		{[]float64{900, 2000, 1000, 0}, 1, 0.25},
		{[]float64{0, math.Log(2), math.Log(3)}, 36.0 / 14, 12.0 / 14}, // 1, 2, 3
		{[]float64{5, -inf, 5, -inf}, 2, 0.5},
		{[]float64{-inf, -inf}, 0, 0},
	} {
		got, err := eval.EffectiveSampleSize(tt.logWeights)
		if err != nil || !(math.Abs(got.Size-tt.size) <= 1e-12 && math.Abs(got.Share-tt.share) <= 1e-12) {
			t.Errorf("log-weights %v: %+v, %v, want %g, %g", tt.logWeights, got, err, tt.size, tt.share)
		}
	}
}

// q = N(0, 1), p = N(a, 1): Σw²/n tends to exp(a²).
func TestEffectiveSampleSizeOfAShift(t *testing.T) {
	rng := rand.New(rand.NewPCG(37, 38))
	const a = 0.6
	logWeights := make([]float64, 100000)
	for i := range logWeights {
		logWeights[i] = a*rng.NormFloat64() - a*a/2
	}
	got, err := eval.EffectiveSampleSize(logWeights)
	// The relative error of the mean of w² is √((e^{4a²}-1)/n), half a per cent.
	if want := math.Exp(-a * a); err != nil || !(math.Abs(got.Share/want-1) <= 0.03) {
		t.Errorf("share %g, %v, want %g", got.Share, err, want)
	}
}

func TestWeightsAreChecked(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		if got, err := eval.EffectiveSampleSize([]float64{0, 0, bad}); err == nil || !strings.Contains(err.Error(), "row 2") {
			t.Errorf("a log-weight of %g gave %v, %v", bad, got, err)
		}
	}
	if _, err := eval.EffectiveSampleSize(nil); err == nil {
		t.Error("no weights were accepted")
	}
}
