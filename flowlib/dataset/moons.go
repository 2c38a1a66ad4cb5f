package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// TwoMoons is two interleaved half circles with Gaussian noise:
//
//	t = π·u;  x = (cos t, sin t) or (1 - cos t, ½ - sin t), equally likely;  x += σ·N(0, I)
//
// Source: make_moons of scikit-learn, with the angle drawn uniformly. The
// log-density is the arc integral of the noise, by Gauss-Legendre quadrature,
// exact to float64 rounding for the noise levels named here.
//
// It panics unless noise is 0.05 or 0.1, whose entropies are known.
func TwoMoons(noise float64) *Density {
	entropies := map[float64]float64{0.05: 0.289234, 0.1: 1.007585}
	entropy, ok := entropies[noise]
	if !ok {
		panic(fmt.Sprintf("dataset: TwoMoons knows the entropy for noise 0.05 and 0.1, not for %g", noise))
	}
	// The integrand is a bump of width σ/√r at distance r from a moon's centre, and
	// 256 nodes over [0, π] are at most 0.0193 apart: in the window of Box at least
	// 1.5 to a width, where the error of the rule is below rounding.
	const nodes = 256
	mixture := isotropic{std: noise}
	for _, moon := range []func(float64) [2]float64{upperMoon, lowerMoon} {
		mixture.addCurve(nodes, 0, math.Pi, moon, func(float64) float64 { return 1 / (2 * math.Pi) })
	}
	margin := 6 * noise
	return &Density{
		Name:     fmt.Sprintf("moons%02.0f", 100*noise),
		Features: 2,
		Entropy:  entropy,
		Box:      [][2]float64{{-1 - margin, 2 + margin}, {-0.5 - margin, 1 + margin}},
		draw: func(rng *rand.Rand, x []float64) {
			c := upperMoon(math.Pi * rng.Float64())
			if rng.IntN(2) == 1 {
				c = lowerMoon(math.Pi * rng.Float64())
			}
			addNoise(rng, x, c, noise)
		},
		logProb: mixture.logProb,
	}
}

func upperMoon(t float64) [2]float64 { return [2]float64{math.Cos(t), math.Sin(t)} }
func lowerMoon(t float64) [2]float64 { return [2]float64{1 - math.Cos(t), 0.5 - math.Sin(t)} }
