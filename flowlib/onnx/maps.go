package onnx

import (
	"math"

	"normflow/flowlib/columns"
)

var halfLog2Pi = 0.5 * math.Log(2*math.Pi)

// mapColumn maps x, [N, 1], as c.Forward does. It returns y and log|dy/dx|, -Inf outside
// the support.
func (g *graph) mapColumn(c columns.Column, x value) (y, logDet value) {
	if c.Mirrored {
		c.Mirrored = false
		y, logDet = g.mapColumn(c, g.of("Neg", x))
		return g.of("Neg", y), logDet
	}
	inside := g.compareN("LessOrEqual", g.of("Abs", x), math.MaxFloat64)
	switch c.Kind {
	case columns.Positive:
		x = g.moved(x, c.Low, c.Margin)
		inside = g.op("And", bools, []value{inside, g.compareN("Greater", x, c.Low)})
		y, logDet = g.fromEdge(c, g.whereN(inside, g.minN(g.addN(x, -c.Low), math.MaxFloat64), 1))
	case columns.Bounded:
		x = g.moved(g.moved(x, c.Low, c.Margin), c.High, -c.Margin)
		inside = g.op("And", bools, []value{g.compareN("Greater", x, c.Low), g.compareN("Less", x, c.High)})
		width := c.High - c.Low
		u, v := g.divN(g.addN(x, -c.Low), width), g.divN(g.subFrom(c.High, x), width)
		y, logDet = g.fromShare(g.whereN(inside, u, 0.5), g.whereN(inside, v, 0.5), width)
	case columns.Periodic:
		period := c.High - c.Low
		turn := g.addN(g.op("Mod", float64s, []value{g.addN(x, -c.Low), g.like(x, period)}, "fmod", 1), -(c.Cut - c.Low))
		for range 2 { // once for the cut, once for an x below Low
			turn = g.where(g.compareN("Less", turn, 0), g.addN(turn, period), turn)
		}
		turn = g.where(g.compareN("GreaterOrEqual", turn, period), g.addN(turn, -period), turn)
		const least = 0x1p-53
		y, logDet = g.fromShare(g.maxN(g.divN(turn, period), least), g.maxN(g.divN(g.subFrom(period, turn), period), least), period)
	case columns.Tails:
		y, logDet = x, g.like(x, 0)
	default:
		refuse("a column of kind %q", string(c.Kind))
	}
	if c.Freedom > 0 {
		var more value
		y, more = g.fromTails(c, y)
		logDet = g.add(logDet, more)
	}
	return g.whereN(inside, y, 0), g.whereN(inside, logDet, math.Inf(-1))
}

// moved moves the values on the edge away from it.
func (g *graph) moved(x value, edge, by float64) value {
	if by == 0 {
		return x
	}
	return g.where(g.compareN("Equal", x, edge), g.like(x, edge+by), x)
}

// fromEdge returns log(e^r - 1), where r = distance/Softness, or the logarithm of the
// distance if there is no softness.
func (g *graph) fromEdge(c columns.Column, distance value) (y, logDet value) {
	logDistance := g.of("Log", distance)
	if c.Softness == 0 {
		return logDistance, g.of("Neg", logDistance)
	}
	logSoftness := math.Log(c.Softness)
	r := g.minN(g.divN(distance, c.Softness), 1e300)
	// log(1 - e^-r). The difference loses digits near 0, so a series takes its place
	// there.
	near := g.add(g.addN(logDistance, -logSoftness), g.of("Log", g.nearZero(g.minN(r, few))))
	far := g.of("Log", g.subFrom(1, g.of("Exp", g.of("Neg", g.maxN(r, few)))))
	small := g.where(g.compareN("Less", r, few), near, far)
	return g.add(r, small), g.subFrom(-logSoftness, small)
}

// few is where the series of 1 - e^-r is as exact as the difference.
const few = 0.01

// nearZero returns (1 - e^-r)/r for 0 ≤ r ≤ few.
func (g *graph) nearZero(r value) value {
	return g.polynomial(r, 1, -1./2, 1./6, -1./24, 1./120, -1./720, 1./5040)
}

// fromShare returns Φ⁻¹(u), where u = 1 - v. It works from the smaller of the two, which
// has all its digits.
func (g *graph) fromShare(u, v value, width float64) (y, logDet value) {
	m := g.of("Neg", g.of("Log", g.mulN(g.min(u, v), 2)))
	y = g.at(fromShareCurve(), m)
	y = g.where(g.compare("LessOrEqual", u, v), g.of("Neg", y), y)
	return y, g.addN(g.mulN(g.square(y), 0.5), halfLog2Pi-math.Log(width))
}

// fromTails returns Φ⁻¹(F((x-Center)/Scale)), by way of s = asinh(|x-Center|/(Scale·√ν)).
func (g *graph) fromTails(c columns.Column, x value) (y, logDet value) {
	root := math.Sqrt(c.Freedom)
	half := g.addN(g.mulN(x, 0.5), -c.Center/2) // half the difference: the whole may overflow
	ratio := g.minN(g.divN(g.divN(g.of("Abs", half), c.Scale/2), root), farthest)
	const huge = 1e8 // from here on 1 + ratio² is ratio²
	tame := g.minN(ratio, huge)
	spread := g.addN(g.square(tame), 1)
	isHuge := g.compareN("Greater", ratio, huge)
	s := g.where(isHuge, g.addN(g.of("Log", ratio), math.Ln2), g.of("Log", g.add(tame, g.of("Sqrt", spread))))
	logSpread := g.where(isHuge, g.mulN(g.of("Log", ratio), 2), g.of("Log", spread))
	y = g.at(fromTailsCurve(c.Freedom), s)
	_, atCenter := tails(c).Forward(c.Center)
	logDet = g.addN(g.sub(g.mulN(g.square(y), 0.5), g.mulN(logSpread, (c.Freedom+1)/2)), atCenter)
	return g.where(g.compareN("Less", half, 0), g.of("Neg", y), y), logDet
}
