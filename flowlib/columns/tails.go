package columns

import "math"

// forwardTails turns a Student-t into a normal: y = Φ⁻¹(F((x-Center)/Scale)).
func (c Column) forwardTails(x float64) (y, logDet float64) {
	s := newStudent(c.Freedom)
	// Halved first: the difference of two float64s may overflow.
	distance := math.Abs(x/2 - c.Center/2)
	logScale := logOf(c.Scale)
	if distance == 0 {
		return 0, s.logDensity(math.Inf(-1)) - logScale - logPhi(0)
	}
	logT := logOf(distance) + math.Ln2 - logScale
	y, logDet = s.toNormal(logT)
	return math.Copysign(y, x-c.Center), logDet - logScale
}

func (c Column) inverseTails(y float64) float64 {
	if y == 0 {
		return c.Center
	}
	logDistance := newStudent(c.Freedom).fromNormal(math.Abs(y)) + logOf(c.Scale)
	x := c.Center + math.Copysign(math.Exp(logDistance), y)
	return min(max(x, -math.MaxFloat64), math.MaxFloat64)
}
