package columns

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

const (
	logPi    = 1.1447298858494001741
	logTwoPi = 1.8378770664093454836
	leastPos = math.SmallestNonzeroFloat64
)

// logPhi returns the log-density of the standard normal.
func logPhi(y float64) float64 { return -0.5*y*y - 0.5*logTwoPi }

// logSurvival returns log Φ(-y), for y ≥ 0.
func logSurvival(y float64) float64 {
	if y < 20 {
		return math.Log(0.5 * math.Erfc(y/math.Sqrt2))
	}
	return logPhi(y) - math.Log(y) + math.Log(mills(y))
}

// mills returns y·Φ(-y)/φ(y), by its asymptotic series, for y ≥ 20: Abramowitz and
// Stegun 26.2.12.
func mills(y float64) float64 {
	sum, term, square := 1.0, 1.0, y*y
	for n := 1.0; n < 20; n += 2 {
		term *= -n / square
		sum += term
	}
	return sum
}

// fromLogSurvival returns the y ≥ 0 with log Φ(-y) = q, for q ≤ log ½.
func fromLogSurvival(q float64) float64 {
	if q > -700 {
		return -mathext.NormalQuantile(min(math.Exp(q), 0.5))
	}
	y := math.Sqrt(-2*q - logTwoPi - math.Log(-2*q))
	for range 4 { // Newton's method: each step doubles the digits, and there are at least four
		y += (logSurvival(y) - q) * mills(y) / y
	}
	return y
}

// probit returns Φ⁻¹(u) and its log-derivative. v is 1 - u: the smaller of the two is
// used, so that no digits are lost.
func probit(u, v float64) (y, logDet float64) {
	if u <= v {
		y = mathext.NormalQuantile(max(u, leastPos))
	} else {
		y = -mathext.NormalQuantile(max(v, leastPos))
	}
	return y, -logPhi(y)
}

// between returns the number at the share Φ(y) of the way from low to high, strictly
// between them.
func between(low, high, y float64) float64 {
	share := 0.5 * math.Erfc(math.Abs(y)/math.Sqrt2)
	x := low + (high-low)*share
	if y > 0 {
		x = high - (high-low)*share
	}
	return inside(x, low, high)
}

// inside moves x off the edges.
func inside(x, low, high float64) float64 {
	return min(max(x, math.Nextafter(low, high)), math.Nextafter(high, low))
}

// logOf is math.Log, but also correct below the smallest normal number, where Go 1.26 is
// wrong on amd64.
func logOf(x float64) float64 {
	if x < 1e-300 {
		return math.Log(x*0x1p200) - 200*math.Ln2
	}
	return math.Log(x)
}
