package anomaly

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPValuesByHand(t *testing.T) {
	inf := math.Inf(-1)
	p, err := PValues([]float64{3, 1, 2, 2}, []float64{0.5, 1, 2, 2.5, 3, 9, inf, math.Inf(1)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.2, 0.4, 0.8, 0.8, 1, 1, 0.2, 1} { // (1 + number not greater) / 5
		if p[i] != want {
			t.Errorf("p-value %d is %g, want %g", i, p[i], want)
		}
	}
	for want, err := range map[string]error{
		"found none":                  third(PValues(nil, []float64{1})),
		"event 1 is NaN, of calibrat": third(PValues([]float64{1, math.NaN()}, []float64{1})),
		"event 0 is NaN":              third(PValues([]float64{1}, []float64{math.NaN()})),
		"at least 99 are needed":      CheckRate(98, 0.01),
		"between 0 and 1":             CheckRate(98, math.NaN()),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if err := CheckRate(99, 0.01); err != nil {
		t.Error(err)
	}
}

// Whatever the scores are, also tied ones, normal events get p <= α at most as
// often as α says, and without ties nearly as often.
func TestPValuesKeepTheFalseAlarmRate(t *testing.T) {
	const m, rounds, alpha = 99, 4000, 0.05
	for name, draw := range map[string]func(*rand.Rand) float64{
		"continuous": func(r *rand.Rand) float64 { return -math.Exp(3 * r.NormFloat64()) },
		"tied":       func(r *rand.Rand) float64 { return float64(r.IntN(30)) },
	} {
		rng := rand.New(rand.NewPCG(6, 6))
		alarms := 0
		for range rounds {
			calibration := make([]float64, m)
			for i := range calibration {
				calibration[i] = draw(rng)
			}
			p, err := PValues(calibration, []float64{draw(rng)})
			if err != nil {
				t.Fatal(err)
			}
			if p[0] <= alpha {
				alarms++
			}
		}
		// Continuous: (m+1)·α = 5 ranks of 100, exactly α. Standard error 0.0034.
		rate := float64(alarms) / rounds
		if !(rate <= alpha+0.0103) || name == "continuous" && !(rate >= alpha-0.0103) {
			t.Errorf("%s: %g of the normal events are flagged at %g", name, rate, alpha)
		}
	}
}

func third(_ []float64, err error) error { return err }

// With rates that are whole numbers of 1/(n+1), rounding must not lose one.
func TestRank(t *testing.T) {
	for n := range 200 {
		for k := range n + 1 {
			if got := Rank(n, float64(k)/float64(n+1)); got != k {
				t.Fatalf("%d/%d: rank %d", k, n+1, got)
			}
		}
	}
	if k := Rank(89, 0.05); k != 4 {
		t.Errorf("0.05 of 90: rank %d", k)
	}
}
