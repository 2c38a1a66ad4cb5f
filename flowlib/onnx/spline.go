package onnx

import "math"

// leastShare is the constant of bijector.Spline.
const leastShare = 1e-3

// spline computes bijector.Spline on v, [N, M].
func (p part) spline(v value, raw raws, forward bool) (out, logDeriv value) {
	var form struct {
		Bins  int
		Bound float64
	}
	p.open(&form)
	inside := p.compareN("LessOrEqual", p.of("Abs", v), form.Bound)
	at := p.whereN(inside, v, 0)
	b := p.bin(at, raw.stacked(3*form.Bins-1), form.Bins, form.Bound, forward)
	if forward {
		xi := b.root(at)
		return p.where(inside, p.add(b.left, p.mul(xi, b.width)), v), p.whereN(inside, p.of("Neg", b.logSlope(xi)), 0)
	}
	xi := p.div(p.sub(at, b.left), b.width)
	return p.where(inside, p.add(b.bottom, b.rise(xi)), v), p.whereN(inside, b.logSlope(xi), 0)
}

// bin is the piece of the curve that each number falls into. All values are [N, M].
type bin struct {
	*graph
	left, width, bottom, height, slope, slopeLeft, slopeRight value
}

// bin selects the pieces by raw, [N, 3K-1, M], on the y axis if forward. ONNX has no
// search in sorted numbers, so it counts the starts that are passed.
func (g *graph) bin(v, raw value, bins int, bound float64, forward bool) bin {
	shares := func(from int) value {
		part := g.op("Softmax", raw.kind, []value{g.slice(raw, 1, from, from+bins)}, "axis", 1)
		return g.addN(g.mulN(part, 1-leastShare*float64(bins)), leastShare)
	}
	starts := func(parts value) value {
		return g.op("CumSum", parts.kind, []value{parts, g.constant(int64s, nil, littleEndian(1))}, "exclusive", 1)
	}
	widths, heights := shares(0), shares(bins)
	lefts, bottoms := starts(widths), starts(heights)
	of := lefts
	if forward {
		of = bottoms
	}
	place := g.unsqueeze(g.divN(g.addN(v, bound), 2*bound), 1)
	passed := g.cast(g.compare("GreaterOrEqual", place, g.slice(of, 1, 1, bins)), int64s) // [N, K-1, M], ones and then zeros
	k := g.op("ReduceSum", int64s, []value{passed, g.ints(1)}, "keepdims", 1)
	pick := func(values, k value) value {
		return g.op("Squeeze", values.kind, []value{g.op("GatherElements", values.kind, []value{values, k}, "axis", 1), g.ints(1)})
	}
	// The slope at both ends is 1, which is that of a raw 0.
	ends := g.op("Pad", raw.kind, []value{g.slice(raw, 1, 2*bins, 3*bins-1), g.ints(0, 1, 0, 0, 1, 0)})
	slope := func(raw value) value {
		return g.addN(g.softplus(g.addN(raw, math.Log(math.Expm1(1-leastShare)))), leastShare)
	}
	b := bin{
		graph: g,
		left:  g.addN(g.mulN(pick(lefts, k), 2*bound), -bound), width: g.mulN(pick(widths, k), 2*bound),
		bottom: g.addN(g.mulN(pick(bottoms, k), 2*bound), -bound), height: g.mulN(pick(heights, k), 2*bound),
		slopeLeft: slope(pick(ends, k)), slopeRight: slope(pick(ends, g.add(k, g.ints(1)))),
	}
	b.slope = g.div(b.height, b.width)
	return b
}

func (b bin) bend() value { return b.sub(b.add(b.slopeLeft, b.slopeRight), b.mulN(b.slope, 2)) }

func (b bin) denominator(mixed value) value { return b.add(b.slope, b.mul(b.bend(), mixed)) }

func (b bin) rise(xi value) value {
	mixed := b.mul(xi, b.subFrom(1, xi))
	return b.mul(b.height, b.div(b.add(b.mul(b.slope, b.square(xi)), b.mul(b.slopeLeft, mixed)), b.denominator(mixed)))
}

func (b bin) logSlope(xi value) value {
	rest := b.subFrom(1, xi)
	mixed := b.mul(xi, rest)
	numerator := b.add(b.mul(b.slopeRight, b.square(xi)), b.add(b.mulN(b.mul(b.slope, mixed), 2), b.mul(b.slopeLeft, b.square(rest))))
	return b.add(b.mulN(b.sub(b.of("Log", b.slope), b.of("Log", b.denominator(mixed))), 2), b.of("Log", numerator))
}

// root solves the curve for ξ at y.
func (b bin) root(y value) value {
	up := b.sub(y, b.bottom)
	bent := b.mul(up, b.bend())
	a := b.add(b.mul(b.height, b.sub(b.slope, b.slopeLeft)), bent)
	minusB := b.sub(bent, b.mul(b.height, b.slopeLeft))
	c := b.of("Neg", b.mul(b.slope, up))
	discriminant := b.maxN(b.sub(b.square(minusB), b.mulN(b.mul(a, c), 4)), 1e-30)
	return b.div(b.mulN(c, 2), b.sub(minusB, b.of("Sqrt", discriminant)))
}
