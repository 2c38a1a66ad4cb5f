package dataset

import (
	"math"
	"math/rand/v2"
)

// Spirals is two arms that wind into each other, with Gaussian noise:
//
//	t = 3π·√u;  x = ±(t/3)·(-cos t, sin t) + 0.1·N(0, I)
//
// As t = 3π√u, its density is 2t/(3π)² on [0, 3π]. Source: 2spirals of
// https://github.com/rtqichen/ffjord/blob/master/lib/toy_data.py, without the
// second, uniform noise there, so that one integral gives the density.
func Spirals() *Density {
	const noise, end = 0.1, 3 * math.Pi
	// The curve moves about t/3 per unit of t, and the nodes thin out towards the
	// middle of the interval: 640 of them are at most 0.048 apart, half the noise.
	// Outside the rim the bump gets narrower, as in TwoMoons, to 1.6 spacings in
	// the corners of Box.
	const nodes = 640
	measure := func(t float64) float64 { return t / (end * end) } // half of 2t/(3π)²: two arms
	mixture := isotropic{std: noise}
	for _, sign := range []float64{1, -1} {
		mixture.addCurve(nodes, 0, end, func(t float64) [2]float64 { return spiralArm(sign, t) }, measure)
	}
	return &Density{
		Name:     "spirals",
		Features: 2,
		Entropy:  2.540618,
		Box:      square(math.Pi + 6*noise),
		draw: func(rng *rand.Rand, x []float64) {
			t := end * math.Sqrt(rng.Float64())
			addNoise(rng, x, spiralArm(float64(2*rng.IntN(2)-1), t), noise)
		},
		logProb: mixture.logProb,
	}
}

func spiralArm(sign, t float64) [2]float64 {
	sin, cos := math.Sincos(t)
	return [2]float64{-sign * t / 3 * cos, sign * t / 3 * sin}
}
