package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// What package kernel and its Spline say of the memory: rows of a block of float32s
// stand one behind the other, in the order of these names.
const (
	rowBytes     = 4 * 64
	minimumShare = 1e-3
	noShare      = -60

	rowOffset = iota - 3
	rowCorner
	rowWidth
	rowHeight
	rowRawLeft
	rowRawRight
	rowIndex
)

// Rows of a gradient.
const (
	byLeft = iota
	byWidth
	byBottom
	byHeight
	byRawLeft
	byRawRight
	byX
)

// bits is a float32 of the given bits in the data section, or an integer.
func bits(v uint32) operand.Mem { return float(float64(math.Float32frombits(v))) }

// row is the place in row i of the rows at base.
func row(base reg.Register, i int) operand.Mem { return operand.Mem{Base: base, Disp: i * rowBytes} }

// mask says for each lane whether a comparison holds.
type mask struct {
	vector reg.VecPhysical // of AVX2
	bits   reg.OpmaskPhysical
}

// Predicates of a comparison.
const (
	equal        = 0
	lessThan     = 1
	lessEqual    = 2
	greaterEqual = 13
	greaterThan  = 14
)

// compare sets m to a ∘ b.
func (s isa) compare(predicate uint64, a, b reg.VecPhysical, m mask) {
	if s.lanes == 16 {
		VCMPPS(operand.Imm(predicate), b, a, m.bits)
	} else {
		VCMPPS(operand.Imm(predicate), b, a, m.vector)
	}
}

// choose sets v to yes where m holds.
func (s isa) choose(m mask, yes operand.Op, v reg.VecPhysical) {
	if s.lanes == 16 {
		VMOVUPS(yes, m.bits, v)
	} else {
		VBLENDVPS(m.vector, yes, v, v)
	}
}

// only clears v where m does not hold.
func (s isa) only(m mask, v reg.VecPhysical) {
	if s.lanes == 16 {
		VMOVAPS_Z(v, m.bits, v)
	} else {
		VANDPS(m.vector, v, v)
	}
}

// inside sets m to |v| <= bound.
func (s isa) inside(v, bound, scratch reg.VecPhysical, m mask) {
	s.zero(scratch)
	VSUBPS(v, scratch, scratch)
	VMAXPS(v, scratch, scratch)
	s.compare(lessEqual, scratch, bound, m)
}

// rows repeats body for each of count rows, at least one.
func rows(label string, count reg.GPVirtual, body func()) {
	Label(label)
	body()
	DECQ(count)
	JG(operand.LabelRef(label))
}

func copyOf(r reg.GPVirtual) reg.GPVirtual {
	c := GP64()
	MOVQ(r, c)
	return c
}

// atLeast sets v to at least the bound; NaN stays NaN.
func (s isa) atLeast(bound float64, v, scratch reg.VecPhysical) {
	s.constant(float(bound), scratch)
	VMAXPS(v, scratch, v)
}

// mantissaLog replaces x, from √½-1 to √2-1, by log(1+x) + exponent·log 2, with help
// of three more registers.
//
// Source: Cephes, https://www.netlib.org/cephes, logf.c.
func (s isa) mantissaLog(x, exponent, square, p, scratch reg.VecPhysical) {
	VMULPS(x, x, square)
	s.polynomial(x, p, scratch, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
		-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
	VMULPS(x, p, p)
	VMULPS(square, p, p)
	s.constant(float(-2.12194440e-4), scratch) // log 2 in two parts, as in exp
	VFMADD231PS(scratch, exponent, p)
	s.constant(float(-0.5), scratch)
	VFMADD231PS(scratch, square, p)
	VADDPS(p, x, x)
	s.constant(float(0.693359375), scratch)
	VFMADD231PS(scratch, exponent, x)
}

// log replaces v, a positive number that is not denormal, by log v, with help of four
// more registers. NaN stays NaN.
func (s isa) log(v, exponent, square, p, scratch reg.VecPhysical) {
	s.constant(float(math.Sqrt(0.5)), scratch)
	VPSUBD(scratch, v, exponent)
	VPSRAD(operand.Imm(23), exponent, exponent)
	VPSLLD(operand.Imm(23), exponent, p)
	VPSUBD(p, v, v) // from √½ to √2
	VCVTDQ2PS(exponent, exponent)
	s.constant(float(1), scratch)
	VSUBPS(scratch, v, v)
	s.mantissaLog(v, exponent, square, p, scratch)
}

// slope replaces v by log(1+exp(v)) + least, with help of five more registers.
func (s isa) slope(v, e, exponent, square, p, scratch reg.VecPhysical, m mask) {
	s.zero(scratch)
	VSUBPS(v, scratch, e)
	VMINPS(v, e, e) // -|v|
	s.atLeast(-87, e, scratch)
	s.exp(e, exponent, p, scratch)
	// log(1+e) of 0 < e <= 1: half of 1+e where that exceeds √2
	s.constant(float(math.Sqrt2-1), scratch)
	s.compare(greaterThan, e, scratch, m)
	s.constant(float(0.5), scratch)
	VMULPS(scratch, e, p)
	VSUBPS(scratch, p, p)
	s.choose(m, p, e)
	s.constant(float(1), exponent)
	s.only(m, exponent)
	s.mantissaLog(e, exponent, square, p, scratch)
	s.zero(scratch)
	VMAXPS(v, scratch, v)
	VADDPS(e, v, v)
	s.constant(float(minimumShare), scratch)
	VADDPS(scratch, v, v)
}

// softmax is what turns raw numbers into the widths and heights of bins.
func (s isa) softmax() {
	name := "softmax" + s.name
	TEXT(name, NOSPLIT, "func(out, raw *float32, n, bins, stride int, whole float32)")
	Pragma("noescape")
	Doc(name+" turns n columns of bins raw numbers, stride bytes apart, into positive",
		"parts of the whole: rows of a block.")
	p := pointers("out", "raw")
	n, bins, stride := Load(Param("n"), GP64()).(reg.GPVirtual), Load(Param("bins"), GP64()).(reg.GPVirtual), Load(Param("stride"), GP64()).(reg.GPVirtual)
	largest, v, a, b, c, sum, whole := s.regs[0], s.regs[1], s.regs[2], s.regs[3], s.regs[4], s.regs[5], s.regs[6]
	nothing, m := s.regs[7], mask{s.regs[8], reg.K1}
	s.broadcast("whole", whole)
	s.constant(float(noShare), nothing)
	s.each("loop", n, p, func() {
		in, count := copyOf(p[1]), copyOf(bins)
		VMOVUPS(s.at(in, 0), largest)
		rows("largest", count, func() {
			VMAXPS(s.at(in, 0), largest, largest)
			ADDQ(stride, in)
		})
		in, count, out := copyOf(p[1]), copyOf(bins), copyOf(p[0])
		s.zero(sum)
		rows("exp", count, func() {
			VMOVUPS(s.at(in, 0), v)
			VSUBPS(largest, v, v)
			s.compare(lessThan, v, nothing, m) // NaN is not, and stays
			s.atLeast(-87, v, a)
			s.exp(v, a, b, c)
			s.zero(a)
			s.choose(m, a, v)
			VMOVUPS(v, s.at(out, 0))
			VADDPS(v, sum, sum)
			ADDQ(stride, in)
			ADDQ(operand.U32(rowBytes), out)
		})
		VDIVPS(sum, whole, sum)
		count, out = copyOf(bins), copyOf(p[0])
		rows("scale", count, func() {
			VMULPS(s.at(out, 0), sum, v)
			VMOVUPS(v, s.at(out, 0))
			ADDQ(operand.U32(rowBytes), out)
		})
	})
	VZEROUPPER()
	RET()
}

// splinePick finds the bin of each event.
func (s isa) splinePick() {
	for _, root := range []bool{false, true} {
		name, axis := "splinePickX", "x"
		if root {
			name, axis = "splinePickY", "y"
		}
		name += s.name
		TEXT(name, NOSPLIT, "func(offset, v, widths, heights, slopes *float32, n, bins, stride int, bound float32)")
		Pragma("noescape")
		Doc(name+" sets the rows from offset on, offset, corner, width, height, the raw slopes",
			"at both knots and the number, to those of the bin that v falls into on the "+axis+" axis.",
			"It adds up places in fixed point, with 1<<30 for one.")
		p := pointers("offset", "v", "widths", "heights", "slopes")
		n, bins, stride := Load(Param("n"), GP64()).(reg.GPVirtual), Load(Param("bins"), GP64()).(reg.GPVirtual), Load(Param("stride"), GP64()).(reg.GPVirtual)
		SUBQ(operand.Imm(2), bins) // between the first and the last
		r := s.regs
		start, corner, width, height, rawLeft, rawRight := r[0], r[1], r[2], r[3], r[4], r[5]
		index, nextLeft, nextBottom, place, w, h, scratch := r[6], r[7], r[8], r[9], r[10], r[11], r[12]
		m := mask{r[13], reg.K1}
		along, across := nextLeft, nextBottom
		if root {
			along, across = nextBottom, nextLeft
		}
		// fix turns parts of one into fixed point, in scratch.
		fix := func(v reg.VecPhysical) {
			s.constant(float(1<<30), scratch)
			VMULPS(v, scratch, scratch)
			VCVTPS2DQ(scratch, scratch)
		}
		s.each("loop", n, p, func() {
			// From the middle: x + bound would lose digits. And one more, so that greater
			// is greater or equal.
			s.broadcast("bound", w)
			s.constant(float(1<<29), h)
			VMULPS(s.at(p[1], 0), h, h)
			VDIVPS(w, h, h)
			VCVTPS2DQ(h, h)
			s.constant(bits(1<<29+1), place)
			VPADDD(h, place, place)

			s.zero(start)
			s.zero(corner)
			s.zero(rawLeft)
			s.zero(index)
			widths, heights, slopes, count := copyOf(p[2]), copyOf(p[3]), copyOf(p[4]), copyOf(bins)
			s.constant(float(minimumShare), scratch)
			VADDPS(s.at(widths, 0), scratch, width)
			VADDPS(s.at(heights, 0), scratch, height)
			VMOVUPS(s.at(slopes, 0), rawRight)
			fix(width)
			VMOVAPS(scratch, nextLeft)
			fix(height)
			VMOVAPS(scratch, nextBottom)
			next := func(last bool) {
				ADDQ(operand.U32(rowBytes), widths)
				ADDQ(operand.U32(rowBytes), heights)
				s.constant(float(minimumShare), scratch)
				VADDPS(s.at(widths, 0), scratch, w)
				VADDPS(s.at(heights, 0), scratch, h)
				if s.lanes == 16 {
					VPCMPGTD(along, place, m.bits)
				} else {
					VPCMPGTD(along, place, m.vector)
				}
				s.choose(m, along, start)
				s.choose(m, across, corner)
				s.choose(m, w, width)
				s.choose(m, h, height)
				s.choose(m, s.at(slopes, 0), rawLeft)
				if last {
					s.zero(scratch)
					s.choose(m, scratch, rawRight)
				} else {
					ADDQ(stride, slopes)
					s.choose(m, s.at(slopes, 0), rawRight)
					fix(w)
					VPADDD(scratch, nextLeft, nextLeft)
					fix(h)
					VPADDD(scratch, nextBottom, nextBottom)
				}
				s.constant(float(1), scratch)
				s.only(m, scratch)
				VADDPS(scratch, index, index)
			}
			TESTQ(count, count)
			JZ(operand.LabelRef("last"))
			rows("between", count, func() { next(false) })
			Label("last")
			next(true)

			s.constant(bits(1), scratch)
			VPSUBD(scratch, place, place)
			VPSUBD(start, place, start) // the offset
			s.constant(bits(1<<29), scratch)
			VPSUBD(scratch, corner, corner) // from the middle
			VCVTDQ2PS(start, start)
			VCVTDQ2PS(corner, corner)
			s.broadcast("bound", w)
			s.constant(float(1.0/(1<<29)), h)
			VMULPS(w, h, h)
			VMULPS(h, start, start)
			VMULPS(h, corner, corner)
			VADDPS(w, w, w)
			VMULPS(w, width, width)
			VMULPS(w, height, height)
			for i, v := range []reg.VecPhysical{start, corner, width, height, rawLeft, rawRight, index} {
				VMOVUPS(v, row(p[0], i))
			}
		})
		VZEROUPPER()
		RET()
	}
}

// spline is the curve, from x to z or back.
func (s isa) spline() {
	for _, root := range []bool{false, true} {
		name, formula := "splineInverse", "sets out to the curve at v, and adds log g' to logDet"
		if root {
			name, formula = "splineForward", "sets out to where the curve is v, and takes log g' off logDet"
		}
		name += s.name
		TEXT(name, NOSPLIT, "func(out, logDet, v, offset, xi *float32, n int, bound, slopeOffset float32)")
		Pragma("noescape")
		Doc(name+" "+formula+".",
			"It reads the rows from offset on, and sets those from xi on: the place in the bin,",
			"and the slopes at both knots.")
		p := pointers("out", "logDet", "v", "offset", "xi")
		out, logDet, v, offset, xi := p[0], p[1], p[2], p[3], p[4]
		n := Load(Param("n"), GP64()).(reg.GPVirtual)
		r := s.regs
		x, at, slope, a, b, mixed, rest, below, above := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8]
		t, u, w, y := r[9], r[10], r[11], r[12]
		m := mask{r[13], reg.K1}
		two := r[14]
		s.each("loop", n, p, func() {
			for i, v := range []reg.VecPhysical{a, b} {
				s.broadcast("slopeOffset", v)
				VADDPS(row(offset, rowRawLeft+i), v, v)
				s.slope(v, t, u, w, y, rest, m)
				VMOVUPS(v, row(xi, 1+i))
			}
			VMOVUPS(s.at(v, 0), x)
			VMOVUPS(row(offset, rowWidth), t)
			VMOVUPS(row(offset, rowHeight), slope)
			VDIVPS(t, slope, slope)
			s.constant(float(2), two)
			VADDPS(a, b, w)
			VFNMADD231PS(two, slope, w) // bend: δ + δ' - 2s
			if root {
				VMOVUPS(row(offset, rowOffset), u)
				VDIVPS(row(offset, rowHeight), u, u) // up, by the height
				VMULPS(u, w, y)                      // up·bend
				VSUBPS(a, slope, at)
				VADDPS(y, at, at)
				VSUBPS(a, y, y) // -b of the quadratic equation
				VMULPS(slope, u, u)
				VMULPS(u, at, at)
				VADDPS(at, at, at)
				VADDPS(at, at, at)
				VFMADD231PS(y, y, at) // discriminant, never negative but by rounding
				s.zero(rest)
				VMAXPS(at, rest, at)
				VSQRTPS(at, at)
				VSUBPS(at, y, y)
				VMULPS(two, u, u)
				s.zero(at)
				VSUBPS(u, at, at)
				VDIVPS(y, at, at)
			} else {
				VMOVUPS(row(offset, rowOffset), at)
				VDIVPS(t, at, at)
			}
			VMOVUPS(at, s.at(xi, 0))
			s.constant(float(1), rest)
			VSUBPS(at, rest, rest)
			VMULPS(rest, at, mixed)
			VMOVAPS(slope, below)
			VFMADD231PS(mixed, w, below)
			VMULPS(at, at, t) // ξ²
			VMULPS(rest, rest, above)
			VMULPS(a, above, above)
			VFMADD231PS(b, t, above)
			VMULPS(slope, mixed, u)
			VFMADD231PS(two, u, above)
			if root {
				VMOVUPS(row(offset, rowCorner), y)
				VFMADD231PS(row(offset, rowWidth), at, y)
			} else {
				VMULPS(slope, t, y)
				VFMADD231PS(a, mixed, y)
				VDIVPS(below, y, y)
				VMULPS(row(offset, rowHeight), y, y)
				VADDPS(row(offset, rowCorner), y, y)
			}
			VDIVPS(below, slope, slope)
			VMULPS(slope, slope, slope)
			VMULPS(above, slope, above)
			s.log(above, t, u, w, rest)
			s.broadcast("bound", rest)
			s.inside(x, rest, t, m)
			s.choose(m, y, x)
			VMOVUPS(x, s.at(out, 0))
			s.only(m, above)
			VMOVUPS(s.at(logDet, 0), t)
			if root {
				VSUBPS(above, t, t)
			} else {
				VADDPS(above, t, t)
			}
			VMOVUPS(t, s.at(logDet, 0))
		})
		VZEROUPPER()
		RET()
	}
}

// splineBackward leads from the curve's value to its bin.
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
		VMOVAPS(rho, ofLog) // α for a while
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
		VSUBPS(u, bend, bend) // what both have
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
		VDIVPS(row(offset, rowWidth), invAbove, invAbove) // dL/ds by the width
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

// softmaxBackward leads from a bin to the raw numbers of all.
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
		byPart := func() { // of is the gradient by the size of bin k
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

// splineScatter leads from the slopes at a bin's knots to those of all.
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
