package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softmax turns raw numbers into the widths or heights of bins.
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
	lost, next, scale := s.regs[9], s.regs[10], s.regs[11] // lost is what rounding the sum loses
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
		s.zero(lost)
		rows("exp", count, func() {
			VMOVUPS(s.at(in, 0), v)
			VSUBPS(largest, v, v)
			s.compare(lessThan, v, nothing, m) // false for NaN, which stays
			s.atLeast(-87, v, a)
			s.exp(v, a, b, c)
			s.zero(a)
			s.choose(m, a, v)
			VMOVUPS(v, s.at(out, 0))
			VADDPS(v, sum, next)
			VSUBPS(sum, next, a)
			VSUBPS(a, next, b)
			VSUBPS(b, sum, b)
			VSUBPS(a, v, a)
			VADDPS(b, a, a)
			VADDPS(a, lost, lost)
			VMOVAPS(next, sum)
			ADDQ(stride, in)
			ADDQ(operand.U32(rowBytes), out)
		})
		VDIVPS(sum, whole, scale)
		VMOVAPS(whole, next) // corrects the rounding of the quotient
		VFNMADD231PS(sum, scale, next)
		VFNMADD231PS(lost, scale, next)
		VDIVPS(sum, next, next)
		count, out = copyOf(bins), copyOf(p[0])
		rows("scale", count, func() {
			VMOVUPS(s.at(out, 0), v)
			VMULPS(v, next, a)
			VFMADD231PS(v, scale, a)
			VMOVUPS(a, s.at(out, 0))
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
		// fix converts parts of one to fixed point, in scratch.
		fix := func(v reg.VecPhysical) {
			s.constant(float(1<<30), scratch)
			VMULPS(v, scratch, scratch)
			VCVTPS2DQ(scratch, scratch)
		}
		s.each("loop", n, p, func() {
			// Measured from the middle: x + bound would lose digits. Plus one, so that
			// "greater" means "greater or equal".
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

// spline evaluates the curve, from x to z or back.
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
				VDIVPS(row(offset, rowHeight), u, u) // up, divided by the height
				VMULPS(u, w, y)                      // up·bend
				VSUBPS(a, slope, at)
				VADDPS(y, at, at)
				VSUBPS(a, y, y) // -b of the quadratic equation
				VMULPS(slope, u, u)
				VMULPS(u, at, at)
				VADDPS(at, at, at)
				VADDPS(at, at, at)
				VFMADD231PS(y, y, at) // discriminant, negative only by rounding
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
