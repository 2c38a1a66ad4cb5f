package onnx

import (
	"math"

	"normflow/flowlib/columns"
)

// unmapColumn maps y, [N, 1], as c.Inverse does.
func (g *graph) unmapColumn(c columns.Column, y value) value {
	if c.Mirrored {
		c.Mirrored = false
		return g.of("Neg", g.unmapColumn(c, g.of("Neg", y)))
	}
	if c.Freedom > 0 {
		y = g.toTails(c, y)
	}
	switch c.Kind {
	case columns.Positive:
		return g.clip(g.addN(g.toEdge(c, y), c.Low), math.Nextafter(c.Low, math.Inf(1)), math.MaxFloat64)
	case columns.Bounded:
		return g.between(c.Low, c.High, y)
	case columns.Periodic:
		turn := g.between(0, c.High-c.Low, y)
		later := c.High - c.Cut // how far High lies beyond the cut
		x := g.where(g.compareN("GreaterOrEqual", turn, later), g.addN(g.addN(turn, -later), c.Low), g.addN(turn, c.Cut))
		return g.inside(x, c.Low, c.High)
	case columns.Tails:
		return y
	}
	refuse("a column of kind %q", string(c.Kind))
	return y
}

func (g *graph) clip(v value, least, most float64) value { return g.minN(g.maxN(v, least), most) }

// inside keeps x off the edges.
func (g *graph) inside(x value, low, high float64) value {
	return g.clip(x, math.Nextafter(low, high), math.Nextafter(high, low))
}

// toEdge returns the distance from the edge.
func (g *graph) toEdge(c columns.Column, y value) value {
	if c.Softness == 0 {
		return g.of("Exp", y)
	}
	const small = -5 // below it the series of log(1 + e^y) has more digits
	e := g.of("Exp", g.minN(y, small))
	series := g.polynomial(e, 1, -1./2, 1./3, -1./4, 1./5, -1./6, 1./7, -1./8)
	near := g.mul(g.of("Exp", g.addN(g.minN(y, small), math.Log(c.Softness))), series)
	return g.where(g.compareN("Less", y, small), near, g.mulN(g.softplus(y), c.Softness))
}

// softplus returns log(1 + e^v).
func (g *graph) softplus(v value) value {
	return g.add(g.maxN(v, 0), g.of("Log", g.addN(g.of("Exp", g.of("Neg", g.of("Abs", v))), 1)))
}

// share returns Φ(-|y|).
func (g *graph) share(y value) value {
	m := g.at(toShareCurve(), g.of("Abs", y))
	return g.mulN(g.of("Exp", g.of("Neg", m)), 0.5)
}

// between returns the number at the share Φ(y) of the way from low to high.
func (g *graph) between(low, high float64, y value) value {
	way := g.mulN(g.share(y), high-low)
	return g.inside(g.where(g.compareN("Greater", y, 0), g.subFrom(high, way), g.addN(way, low)), low, high)
}

// toTails undoes fromTails.
func (g *graph) toTails(c columns.Column, y value) value {
	s := g.at(toTailsCurve(c.Freedom), g.of("Abs", y))
	ratio := g.mulN(g.sub(g.of("Exp", s), g.of("Exp", g.of("Neg", s))), 0.5)
	distance := g.mulN(g.mulN(ratio, math.Sqrt(c.Freedom)), c.Scale)
	x := g.where(g.compareN("Less", y, 0), g.subFrom(c.Center, distance), g.addN(distance, c.Center))
	return g.clip(x, -math.MaxFloat64, math.MaxFloat64)
}
