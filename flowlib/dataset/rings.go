package dataset

import (
	"math"
	"math/rand/v2"
)

// Rings is four concentric circles, radius 0.75, 1.5, 2.25 or 3, equally likely,
// with noise 0.08·N(0, I). Source: rings of
// https://github.com/rtqichen/residual-flows/blob/master/lib/toy_data.py.
func Rings() *Density {
	return circular("rings", []float64{0.75, 1.5, 2.25, 3}, 0.08, 2.623183)
}

// Circles is two concentric circles, radius 1.5 or 3, equally likely, with noise
// 0.24·N(0, I). Source: circles of
// https://github.com/rtqichen/ffjord/blob/master/lib/toy_data.py, which scales
// scikit-learn's make_circles with factor 0.5 and noise 0.08 by 3.
func Circles() *Density {
	return circular("circles", []float64{1.5, 3}, 0.24, 3.268136)
}

// circular is a mixture of circles of the given radii, the largest last, blurred
// by noise σ. A circle blurred has at distance r from the centre the density
//
//	p(x) = exp(-(r²+R²)/2σ²)·I₀(rR/σ²) / 2πσ²
//
// as the integral over the angle is I₀'s, https://dlmf.nist.gov/10.32.E1; in
// polar coordinates it is Rice's distribution.
func circular(name string, radii []float64, noise, entropy float64) *Density {
	logNorm := -math.Log(float64(len(radii)) * 2 * math.Pi * noise * noise)
	return &Density{
		Name:     name,
		Features: 2,
		Entropy:  entropy,
		Box:      square(radii[len(radii)-1] + 6*noise),
		draw: func(rng *rand.Rand, x []float64) {
			radius := radii[rng.IntN(len(radii))]
			sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
			addNoise(rng, x, [2]float64{radius * cos, radius * sin}, noise)
		},
		logProb: func(x []float64) float64 {
			r := math.Hypot(x[0], x[1])
			logProb := math.Inf(-1)
			for _, radius := range radii {
				d := (r - radius) / noise
				logProb = logAddExp(logProb, -d*d/2+logScaledI0(r*radius/(noise*noise)))
			}
			return logNorm + logProb
		},
	}
}

// logScaledI0 is log(e^-x·I₀(x)) for x >= 0, I₀ the modified Bessel function of
// the first kind. Below 20 it sums the power series, whose terms are all
// positive (https://dlmf.nist.gov/10.25.E2), and from there on the asymptotic one
// (https://dlmf.nist.gov/10.40.E1), whose smallest term is then about e^-40.
func logScaledI0(x float64) float64 {
	sum, term := 1.0, 1.0
	if x < 20 {
		for k := 1.0; term > 1e-17*sum; k++ {
			term *= x * x / (4 * k * k)
			sum += term
		}
		return math.Log(sum) - x
	}
	for k := 1.0; term > 1e-17; k++ {
		term *= (2*k - 1) * (2*k - 1) / (8 * k * x)
		sum += term
	}
	return math.Log(sum) - math.Log(2*math.Pi*x)/2
}

// logAddExp is log(e^a + e^b).
func logAddExp(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
