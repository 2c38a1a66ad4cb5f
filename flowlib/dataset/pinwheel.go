package dataset

import (
	"math"
	"math/rand/v2"
)

// Pinwheel is five blades bent by a rotation that grows with the radius:
//
//	f = (1 + 0.3·N₁, 0.1·N₂);  x = 2·R(-(2πk/5 + e^‖f‖/4))·f,   k = 0..4
//
// R turns counter-clockwise. A rotation by an angle that depends on the radius
// alone keeps areas, so the density is exact: turn x/2 back and divide by 4.
//
// Source: pinwheel of https://github.com/rtqichen/ffjord/blob/master/lib/toy_data.py,
// which lets the angle depend on the first feature of f instead of its norm.
// From ‖f‖ = 16 on, fifty standard deviations out, the angle stays what it is
// there, before it loses its digits.
func Pinwheel() *Density {
	const blades, radialStd, tangentialStd = 5, 0.3, 0.1
	angle := func(k int, norm float64) float64 {
		return 2*math.Pi*float64(k)/blades + math.Exp(min(norm, 16))/4
	}
	logNorm := -math.Log(4 * blades * 2 * math.Pi * radialStd * tangentialStd)
	return &Density{
		Name:     "pinwheel",
		Features: 2,
		Entropy:  2.320588,
		Box:      square(2 * (1 + 6*radialStd)),
		draw: func(rng *rand.Rand, x []float64) {
			f := [2]float64{1 + radialStd*rng.NormFloat64(), tangentialStd * rng.NormFloat64()}
			x[0], x[1] = rotate(2*f[0], 2*f[1], -angle(rng.IntN(blades), math.Hypot(f[0], f[1])))
		},
		logProb: func(x []float64) float64 {
			var terms [blades]float64
			largest := math.Inf(-1)
			for k := range terms {
				f0, f1 := rotate(x[0]/2, x[1]/2, angle(k, math.Hypot(x[0]/2, x[1]/2)))
				u0, u1 := (f0-1)/radialStd, f1/tangentialStd
				terms[k] = -(u0*u0 + u1*u1) / 2
				largest = max(largest, terms[k])
			}
			if math.IsInf(largest, -1) { // the squares overflow
				return largest
			}
			sum := 0.0
			for _, t := range terms {
				sum += math.Exp(t - largest)
			}
			return logNorm + largest + math.Log(sum)
		},
	}
}

// rotate turns (x, y) counter-clockwise.
func rotate(x, y, angle float64) (float64, float64) {
	sin, cos := math.Sincos(angle)
	return cos*x - sin*y, sin*x + cos*y
}
