package dataset

import (
	"math"
	"math/rand/v2"
)

// SwissRoll is one spiral arm of 1.5 turns with Gaussian noise:
//
//	t = 1.5π·(1 + 2u);  x = (t·cos t, t·sin t)/5 + 0.2·N(0, I)
//
// Source: the first and last coordinate of scikit-learn's make_swiss_roll with
// noise 1, divided by 5 as in
// https://github.com/rtqichen/ffjord/blob/master/lib/toy_data.py.
func SwissRoll() *Density {
	const noise, begin, end = 0.2, 1.5 * math.Pi, 4.5 * math.Pi
	// The curve moves about t/5 per unit of t; 384 nodes are at most 0.081 apart,
	// where the noise is 0.2.
	const nodes = 384
	arm := func(t float64) [2]float64 {
		sin, cos := math.Sincos(t)
		return [2]float64{t * cos / 5, t * sin / 5}
	}
	mixture := isotropic{std: noise}
	mixture.addCurve(nodes, begin, end, arm, func(float64) float64 { return 1 / (end - begin) })
	return &Density{
		Name:     "swissroll",
		Features: 2,
		Entropy:  2.669646,
		Box:      square(end/5 + 6*noise),
		draw: func(rng *rand.Rand, x []float64) {
			addNoise(rng, x, arm(begin+(end-begin)*rng.Float64()), noise)
		},
		logProb: mixture.logProb,
	}
}
