package eval_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"normflow/flowlib/eval"
)

func TestLatentsFalseAlarms(t *testing.T) {
	const trials = 400
	var all []eval.Latents
	rng := rand.New(rand.NewPCG(9, 10))
	for range trials {
		l, err := eval.LatentsOf(unit(rng, 50, 2))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	t.Run("feature 0", func(t *testing.T) {
		checkFalseAlarms(t, trials, func(i int) float64 { return all[i].Features[0].PValue }, nil)
	})
	t.Run("feature 1", func(t *testing.T) {
		checkFalseAlarms(t, trials, func(i int) float64 { return all[i].Features[1].PValue }, nil)
	})
	t.Run("radius", func(t *testing.T) {
		checkFalseAlarms(t, trials, func(i int) float64 { return all[i].Radius.PValue }, nil)
	})
	t.Run("together", func(t *testing.T) {
		// At least what the two features, which are independent, trip by themselves.
		checkFalseAlarms(t, trials, func(i int) float64 { return all[i].PValue },
			func(alpha float64) float64 { return 1 - math.Pow(1-alpha/3, 2) })
	})
}

func TestLatentsThatAreNoGaussian(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	const n = 1000
	for _, tt := range []struct {
		name    string
		z       [][]float64
		feature int // that is wrong; -1: the radius alone
	}{
		{"shifted", rows(rng, n, 2, func(z []float64) { z[0], z[1] = 0.2+rng.NormFloat64(), rng.NormFloat64() }), 0},
		{"rescaled", rows(rng, n, 2, func(z []float64) { z[0], z[1] = rng.NormFloat64(), 1.3*rng.NormFloat64() }), 1},
		// Each feature is a unit Gaussian, but both are large together.
		{"radius", rows(rng, n, 2, func(z []float64) {
			z[0] = rng.NormFloat64()
			z[1] = z[0]
			if rng.IntN(2) == 0 {
				z[1] = -z[0]
			}
		}), -1},
	} {
		l, err := eval.LatentsOf(tt.z)
		if err != nil {
			t.Fatal(err)
		}
		for d, f := range l.Features {
			if found := f.PValue <= 1e-3; found != (d == tt.feature) {
				t.Errorf("%s: feature %d has %+v", tt.name, d, f)
			}
		}
		if tt.feature < 0 && !(l.Radius.PValue <= 1e-3) || !(l.PValue <= 3e-3) {
			t.Errorf("%s: radius %+v, together %g", tt.name, l.Radius, l.PValue)
		}
	}
}

// In two dimensions |z|² is exponential and Φ(0) is ½: by hand.
func TestLatentsByHand(t *testing.T) {
	var z [][]float64
	const n = 100
	for i := range n {
		// |z|² at the middle of the i-th of n equal parts of its distribution, on one axis.
		z = append(z, []float64{math.Sqrt(-2 * math.Log(1-(float64(i)+0.5)/n)), 0})
	}
	l, err := eval.LatentsOf(z)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []struct{ got, want float64 }{
		{l.Radius.Statistic, 0.5 / n}, // nothing lies closer to a distribution
		{l.Features[1].Statistic, 0.5},
	} {
		if !(math.Abs(d.got-d.want) <= 1e-12) {
			t.Errorf("KS statistic %g, want %g", d.got, d.want)
		}
	}
	if !(l.Radius.PValue == 1 && l.PValue <= 1e-20) {
		t.Errorf("p-values: radius %g, together %g", l.Radius.PValue, l.PValue)
	}
}

func TestPITHistogram(t *testing.T) {
	// Φ⁻¹(¼) = -0.6745: one latent in each quarter, and both ends of the line.
	z := [][]float64{{-1, 50}, {-0.5, 50}, {0.5, -50}, {1, 0.1}}
	h, err := eval.PITHistogram(z, 4)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]int{{1, 1, 1, 1}, {1, 0, 1, 2}}
	for d := range want {
		for b := range want[d] {
			if h.Counts[d][b] != want[d][b] {
				t.Errorf("feature %d has %v, want %v", d, h.Counts[d], want[d])
			}
		}
	}
	if h.Expected != 1 || !(math.Abs(h.SE-math.Sqrt(0.75)) <= 1e-15) {
		t.Errorf("expected %g ± %g, want 1 ± √¾", h.Expected, h.SE)
	}
	if _, err := eval.PITHistogram(z, 1); err == nil {
		t.Error("one bin was accepted")
	}
}

func TestLatentsAreChecked(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, tt := range []struct {
		row  []float64
		want string
	}{
		{[]float64{0, math.NaN()}, "row 3"},
		{[]float64{math.Inf(-1), 0}, "row 3"},
		{[]float64{1}, "row 3 has 1 features"},
		{[]float64{1e200, 0}, "|z|² of row 3"},
	} {
		z := unit(rng, 20, 2)
		z[3] = tt.row
		if l, err := eval.LatentsOf(z); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("latents with row %v gave %v, error %v", tt.row, l, err)
		}
	}
	for _, z := range [][][]float64{nil, unit(rng, 19, 2)} {
		if _, err := eval.LatentsOf(z); err == nil {
			t.Errorf("%d rows were accepted", len(z))
		}
	}
}
