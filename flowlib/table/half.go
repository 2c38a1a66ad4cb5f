package table

import "math"

// fromHalf decodes a float of two bytes: 1 sign bit, 5 of exponent, 10 of fraction.
func fromHalf(b uint16) float64 {
	exponent, fraction := int(b>>10&31), float64(b&1023)
	x := math.Ldexp(fraction, -24) // below 2⁻¹⁴, zero included
	switch {
	case exponent == 31 && fraction == 0:
		x = math.Inf(1)
	case exponent == 31:
		return math.NaN()
	case exponent > 0:
		x = math.Ldexp(1024+fraction, exponent-25)
	}
	if b>>15 == 1 {
		return -x
	}
	return x
}
