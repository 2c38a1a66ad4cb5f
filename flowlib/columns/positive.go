package columns

import "math"

// mostRatio bounds y, so that it stays finite for any x.
const mostRatio = 1e300

// forwardEdge is y = log(exp(r) - 1), r = (x-Low)/Softness, or log(x-Low) for Softness 0.
func (c Column) forwardEdge(x float64) (y, logDet float64) {
	distance := min(x-c.Low, math.MaxFloat64)
	if c.Softness == 0 {
		y = logOf(distance)
		return y, -y
	}
	r := min(distance/c.Softness, mostRatio)
	logSoftness := logOf(c.Softness)
	if r < 1e-8 { // r may have underflowed
		y = logOf(distance) + r/2
		return y - logSoftness, r - y
	}
	small := math.Log(-math.Expm1(-r))
	return r + small, -logSoftness - small
}

func (c Column) inverseEdge(y float64) float64 {
	var distance float64
	switch {
	case c.Softness == 0:
		distance = math.Exp(y)
	case y > 40: // exp(-y) is negligible
		distance = c.Softness * y
	case y < -40:
		distance = math.Exp(y + logOf(c.Softness))
	default:
		distance = c.Softness * math.Log1p(math.Exp(y))
	}
	return min(max(c.Low+distance, math.Nextafter(c.Low, math.Inf(1))), math.MaxFloat64)
}
