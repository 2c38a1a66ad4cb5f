package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// splineBackward goes from the curve's value to its bin.
func (s isa) splineBackward() {
	name := "splineBackward" + s.name
	TEXT(name, NOSPLIT, "func(d, v, weight, offset, xi, gradient *float32, n int, bound, slopeOffset float32)")
	Pragma("noescape")
	Doc(name+" turns d, dL/dz of splineInverse's result z, into dL/dv, for a loss that",
		"holds -weight·log g', and sets the rows of gradient to those by left, width,",
		"bottom, height and the raw slopes: 0 outside the bound.")
	p := pointers("d", "v", "weight", "offset", "xi", "gradient")
	d, v, weight, offset, xi, gradient := p[0], p[1], p[2], p[3], p[4], p[5]
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	r := s.regs
	at, slope, a, b, mixed, rest, inverse, invAbove := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]
	rho, ofRho, ofLog, t, u, bend, two := r[8], r[9], r[10], r[11], r[12], r[13], r[14]
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(xi, 0), at)
		VMOVUPS(row(xi, 1), a)
		VMOVUPS(row(xi, 2), b)
		VMOVUPS(row(offset, rowHeight), slope)
		VDIVPS(row(offset, rowWidth), slope, slope)
		s.constant(float(2), two)
		s.constant(float(1), t)
		VSUBPS(at, t, rest)
		VMULPS(at, rest, mixed)
		VADDPS(a, b, bend)
		VFNMADD231PS(two, slope, bend)
		VMOVAPS(slope, inverse)
		VFMADD231PS(bend, mixed, inverse)
		VDIVPS(inverse, t, inverse) // 1/β
		// α
		VMULPS(at, at, u) // ξ²
		VMULPS(rest, rest, rho)
		VMULPS(a, rho, rho)
		VFMADD231PS(b, u, rho)
		VMULPS(slope, mixed, ofRho)
		VFMADD231PS(two, ofRho, rho)
		VDIVPS(rho, t, invAbove)
		VMOVAPS(rho, ofLog) // α for now
		VMULPS(slope, u, rho)
		VFMADD231PS(a, mixed, rho)
		VMULPS(inverse, rho, rho)
		VMOVUPS(s.at(d, 0), ofRho)
		VMOVUPS(ofRho, row(gradient, byBottom))
		VMULPS(row(offset, rowHeight), ofRho, ofRho)
		VMULPS(inverse, ofRho, ofRho)
		// dL/dξ
		VMULPS(slope, ofLog, t)
		VMULPS(inverse, t, t)
		VMULPS(ofRho, t, t)
		s.zero(ofLog)
		VSUBPS(s.at(weight, 0), ofLog, ofLog)
		VADDPS(at, at, u)
		s.constant(float(1), two)
		VSUBPS(u, two, u) // tilt: 1-2ξ
		VMULPS(u, bend, bend)
		VMULPS(inverse, bend, bend)
		VMULPS(slope, u, u)
		VFMADD231PS(b, at, u)
		VFNMADD231PS(a, rest, u)
		VFMSUB213PS(bend, invAbove, u)
		VADDPS(u, u, u)
		VFMADD231PS(ofLog, u, t)
		VDIVPS(row(offset, rowWidth), t, t) // dL/dx
		VMOVUPS(t, row(gradient, byX))
		// dL/dδ and dL/dδ'
		VMULPS(ofLog, mixed, u)
		VMULPS(inverse, u, u)
		VADDPS(u, u, u)
		VMULPS(rho, mixed, bend)
		VFMADD231PS(ofRho, bend, u)
		s.zero(bend)
		VSUBPS(u, bend, bend) // what both share
		VMULPS(invAbove, ofLog, u)
		VMULPS(rest, rest, a)
		VMULPS(a, u, a)
		VADDPS(bend, a, a)
		VFMADD231PS(ofRho, mixed, a)
		VMULPS(at, at, b)
		VMULPS(b, u, b)
		VADDPS(bend, b, b)
		// dL/ds: ofRho·(ξ² - ρ(1-2q)) + ofLog·2·(1/s + q/α - (1-2q)/β)
		VMULPS(mixed, invAbove, invAbove)
		VADDPS(mixed, mixed, mixed)
		s.constant(float(1), two)
		VSUBPS(mixed, two, mixed) // 1-2q
		VFNMADD231PS(mixed, inverse, invAbove)
		VDIVPS(slope, two, two)
		VADDPS(two, invAbove, invAbove)
		VADDPS(invAbove, invAbove, invAbove)
		VMULPS(ofLog, invAbove, invAbove)
		VMULPS(at, at, u)
		VFNMADD231PS(rho, mixed, u)
		VFMADD231PS(ofRho, u, invAbove)
		VDIVPS(row(offset, rowWidth), invAbove, invAbove) // dL/ds divided by the width
		VMOVUPS(row(gradient, byBottom), u)
		VMULPS(rho, u, u)
		VADDPS(invAbove, u, u)
		VMOVUPS(u, row(gradient, byHeight))
		s.zero(u)
		VSUBPS(t, u, u)
		VMOVUPS(u, row(gradient, byLeft))
		VMULPS(at, u, u)
		VFNMADD231PS(slope, invAbove, u)
		VMOVUPS(u, row(gradient, byWidth))
		// the raw slopes: times the sigmoid
		for i, v := range []reg.VecPhysical{a, b} {
			s.broadcast("slopeOffset", t)
			VADDPS(row(offset, rowRawLeft+i), t, t)
			s.zero(u)
			VSUBPS(t, u, t)
			s.atLeast(-87, t, u)
			s.constant(float(87), u)
			VMINPS(t, u, t)
			s.exp(t, u, rho, bend)
			s.constant(float(1), u)
			VADDPS(u, t, t)
			VDIVPS(t, v, v)
			VMOVUPS(v, row(gradient, byRawLeft+i))
		}
		m := mask{rho, reg.K1}
		VMOVUPS(s.at(v, 0), at)
		s.broadcast("bound", t)
		s.inside(at, t, u, m)
		for i := range 7 {
			VMOVUPS(row(gradient, i), t)
			s.only(m, t)
			VMOVUPS(t, row(gradient, i))
		}
		VMOVUPS(s.at(d, 0), u)
		s.choose(m, t, u)
		VMOVUPS(u, s.at(d, 0))
	})
	VZEROUPPER()
	RET()
}

// softmaxBackward goes from a bin to the raw numbers of all bins.
func (s isa) softmaxBackward() {
	name := "softmaxBackward" + s.name
	TEXT(name, NOSPLIT, "func(draw, parts, index, gradient *float32, n, bins, stride int, factor, inverseWhole float32)")
	Pragma("noescape")
	Doc(name+" sets draw, rows stride bytes apart, from the two rows of gradient: by where",
		"the bin of the index begins, and by its size, as sums of the parts times the factor.")
	p := pointers("draw", "parts", "index", "gradient")
	n, bins, stride := Load(Param("n"), GP64()).(reg.GPVirtual), Load(Param("bins"), GP64()).(reg.GPVirtual), Load(Param("stride"), GP64()).(reg.GPVirtual)
	r := s.regs
	index, start, size, sum, k, one, of, factor, inverseWhole := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8]
	m := mask{r[9], reg.K1}
	s.broadcast("factor", factor)
	s.broadcast("inverseWhole", inverseWhole)
	s.constant(float(1), one)
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(p[2], 0), index)
		VMOVUPS(row(p[3], 0), start)
		VMOVUPS(row(p[3], 1), size)
		byPart := func() { // the gradient by the size of bin k
			VMOVAPS(start, of)
			s.compare(lessThan, k, index, m)
			s.only(m, of)
			s.compare(equal, k, index, m)
			s.choose(m, size, of)
			VADDPS(one, k, k)
		}
		parts, count := copyOf(p[1]), copyOf(bins)
		s.zero(sum)
		s.zero(k)
		rows("sum", count, func() {
			byPart()
			VFMADD231PS(s.at(parts, 0), of, sum)
			ADDQ(operand.U32(rowBytes), parts)
		})
		VMULPS(inverseWhole, sum, sum)
		parts, count, draw := copyOf(p[1]), copyOf(bins), copyOf(p[0])
		s.zero(k)
		rows("draw", count, func() {
			byPart()
			VSUBPS(sum, of, of)
			VMULPS(s.at(parts, 0), of, of)
			VMULPS(factor, of, of)
			VMOVUPS(of, s.at(draw, 0))
			ADDQ(operand.U32(rowBytes), parts)
			ADDQ(stride, draw)
		})
	})
	VZEROUPPER()
	RET()
}

// splineScatter goes from the slopes at a bin's knots to those at all knots.
func (s isa) splineScatter() {
	name := "splineScatter" + s.name
	TEXT(name, NOSPLIT, "func(draw, index, gradient *float32, n, knots, stride int)")
	Pragma("noescape")
	Doc(name+" sets draw, rows stride bytes apart, one for each inner knot, to the two rows of",
		"gradient at the knots on either side of the bin of the index, and to 0 elsewhere.")
	p := pointers("draw", "index", "gradient")
	n, knots, stride := Load(Param("n"), GP64()).(reg.GPVirtual), Load(Param("knots"), GP64()).(reg.GPVirtual), Load(Param("stride"), GP64()).(reg.GPVirtual)
	r := s.regs
	index, leftOf, atLeft, atRight, k, one, of := r[0], r[1], r[2], r[3], r[4], r[5], r[6]
	m := mask{r[7], reg.K1}
	s.constant(float(1), one)
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(p[1], 0), index)
		VSUBPS(one, index, leftOf)
		VMOVUPS(row(p[2], 0), atLeft)
		VMOVUPS(row(p[2], 1), atRight)
		draw, count := copyOf(p[0]), copyOf(knots)
		s.zero(k)
		rows("draw", count, func() {
			VMOVAPS(atLeft, of)
			s.compare(equal, k, leftOf, m)
			s.only(m, of)
			s.compare(equal, k, index, m)
			s.choose(m, atRight, of)
			VMOVUPS(of, s.at(draw, 0))
			VADDPS(one, k, k)
			ADDQ(stride, draw)
		})
	})
	VZEROUPPER()
	RET()
}
