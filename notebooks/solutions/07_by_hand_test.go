package solutions

import (
	"math"
	"testing"
)

// loss is half the square of z = x - t, what a unit Gaussian has for an additive
// coupling, t = w·a, whose log-determinant is 0.
func loss(x, a, w float64) float64 { return (x - w*a) * (x - w*a) / 2 }

// gradient is ∂loss/∂w by hand: z̄ = z, t̄ = -z̄, w̄ = t̄·a.
func gradient(x, a, w float64) float64 {
	zBar := x - w*a
	tBar := -zBar
	return tBar * a
}

// The remainder of a Taylor test of a right gradient falls to a quarter when h halves.
func TestAdditiveGradient(t *testing.T) {
	const x, a, w = 0.7, -1.3, 0.4
	remainder := func(h float64) float64 {
		return math.Abs(loss(x, a, w+h) - loss(x, a, w) - h*gradient(x, a, w))
	}
	if ratio := remainder(0.1) / remainder(0.05); math.Abs(ratio-4) > 1e-6 {
		t.Errorf("halving the step divides the remainder by %.3f, want 4", ratio)
	}
}
