package eval_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"normflow/flowlib/eval"
)

func TestC2STFalseAlarms(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	const trials, half = 300, 150
	sum, squares := 0.0, 0.0
	checkFalseAlarms(t, trials, func(trial int) float64 {
		r, err := eval.C2ST(unit(rng, 2*half, 2), unit(rng, 2*half+60, 2), int64(trial))
		if err != nil {
			t.Fatal(err)
		}
		if r.Rows != 2*half || r.Neighbours != 17 { // √300 is 17.3
			t.Fatalf("%d rows were held out and %d neighbours voted, want %d and 17", r.Rows, r.Neighbours, 2*half)
		}
		z := (r.Statistic - 0.5) / r.SE
		sum += z
		squares += z * z
		return r.PValue
	}, func(alpha float64) float64 {
		// The number of hits is whole, with a standard deviation of about √half/√8·... :
		// of the level, at most the largest step of the distribution next to it is lost.
		deviation := math.Sqrt(half/8.0*2*half/(2*half-1)) * math.Sqrt2
		return max(0, alpha-distuv.UnitNormal.Prob(distuv.UnitNormal.Quantile(alpha))/deviation)
	})
	// N(½, 1/(4·rows)), but for predictions that are not half and half: they shrink
	// the variance a little.
	mean, variance := sum/trials, squares/trials
	if !(math.Abs(mean) <= 4/math.Sqrt(trials) && math.Abs(variance-1) <= 4*math.Sqrt(2.0/trials)) {
		t.Errorf("accuracy is off by %.3f SE on average, variance %.3f SE²", mean, variance)
	}
}

func TestC2STByHand(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	x := unit(rng, 40, 2)
	y := rows(rng, 40, 2, func(y []float64) { y[0], y[1] = 100+rng.NormFloat64(), rng.NormFloat64() })
	r, err := eval.C2ST(x, y, 1)
	if err != nil {
		t.Fatal(err)
	}
	// 20 rows of either are held out, and one of all ways to label 40 fits.
	ways := 1.0
	for i := range 20 {
		ways *= float64(40-i) / float64(20-i)
	}
	if !(r.Statistic == 1 && math.Abs(r.PValue*ways-1) <= 1e-9 && r.Rows == 40 && math.Abs(r.SE-0.5/math.Sqrt(40)) <= 1e-15) {
		t.Errorf("samples that lie apart: %+v, want accuracy 1 and p = %g", r, 1/ways)
	}
	// Features count alike, whatever their units: the one that differs is tiny.
	for i := range y {
		y[i] = []float64{1e6 * rng.NormFloat64(), 1e-6 * (4 + rng.NormFloat64())}
		x[i] = []float64{1e6 * rng.NormFloat64(), 1e-6 * rng.NormFloat64()}
	}
	if r, err := eval.C2ST(x, y, 1); err != nil || !(r.Statistic >= 0.85) {
		t.Errorf("accuracy is %+v, %v", r, err)
	}
}

// For large halves the exact tail is the normal one of the paper.
func TestC2STTailIsNormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	for _, shift := range []float64{0, 0.15, 0.3} {
		y := rows(rng, 2000, 2, func(y []float64) { y[0], y[1] = shift+rng.NormFloat64(), rng.NormFloat64() })
		r, err := eval.C2ST(unit(rng, 2000, 2), y, 2)
		if err != nil {
			t.Fatal(err)
		}
		// Hits come in steps of two, one of them with its label exchanged.
		z := (r.Statistic - 0.5 - 1/float64(r.Rows)) / r.SE
		if want := distuv.UnitNormal.Survival(z); !(math.Abs(r.PValue-want) <= 0.02*math.Sqrt(want)) {
			t.Errorf("accuracy %g: p = %g, normal %g", r.Statistic, r.PValue, want)
		}
	}
}

func TestC2STWantsSpread(t *testing.T) {
	x := rows(nil, 20, 2, func(x []float64) {})
	if _, err := eval.C2ST(x, x, 1); err == nil || !strings.Contains(err.Error(), "column 0") {
		t.Errorf("constant features: %v", err)
	}
}
