package dataset

import (
	"math"
	"testing"
)

// I₀(x) is the mean of exp(x·cos θ) over the circle (https://dlmf.nist.gov/10.32.E1),
// and the trapezoid rule takes that mean exactly once a step is shorter than
// the peak, 1/√x, is wide.
func TestLogScaledI0(t *testing.T) {
	for _, x := range []float64{0, 1e-9, 0.1, 1, 5, 12, 19.999, 20, 20.001, 30, 100, 1406.25, 1e4} {
		const n = 2000
		sum := 0.0
		for i := range n {
			sum += math.Exp(x * (math.Cos(2*math.Pi*float64(i)/n) - 1))
		}
		want := math.Log(sum / n)
		if got := logScaledI0(x); !(math.Abs(got-want) <= 1e-14*max(1, x)) { // want's exponents round in proportion to x
			t.Errorf("log(e^-x·I₀(x)) at %g is %.16g, want %.16g (difference %.1e)", x, got, want, got-want)
		}
	}
	// From https://dlmf.nist.gov/10.40.E1, -½·log 2πx is all there is far out.
	for _, x := range []float64{1e9, 1e300} {
		if got, want := logScaledI0(x), -math.Log(2*math.Pi*x)/2; !(math.Abs(got-want) <= 1e-9) {
			t.Errorf("log(e^-x·I₀(x)) at %g is %g, want %g", x, got, want)
		}
	}
}
