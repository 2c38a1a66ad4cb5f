package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var (
	constants = map[uint32]operand.Mem{}
	values    = map[string]uint32{} // by name
)

// float returns a float32 in the data section, shared by all functions.
func float(v float64) operand.Mem {
	bits := math.Float32bits(float32(v))
	if _, ok := constants[bits]; !ok {
		name := fmt.Sprintf("float_%08x", bits)
		constants[bits], values[name] = ConstData(name, operand.U32(bits)), bits
	}
	return constants[bits]
}

// tanh replaces v by tanh(v), using three more registers. NaN stays NaN.
//
// It is a ratio of polynomials on ±7.9, beyond which a float32 tanh is ±1; the error is a
// few units in the last place.
//
// Source: Eigen, https://gitlab.com/libeigen/eigen, generic_fast_tanh_float.
func (s isa) tanh(v, square, p, q reg.VecPhysical) {
	const limit = 7.90531110763549805
	s.constant(float(limit), p)
	VMINPS(v, p, v) // in this order of operands NaN stays NaN
	s.constant(float(-limit), p)
	VMAXPS(v, p, v)
	VMULPS(v, v, square)
	s.polynomial(square, p, q, -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11,
		5.12229709037114e-08, 1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03)
	VMULPS(p, v, v)
	s.polynomial(square, p, q, 1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)
	VDIVPS(p, v, v)
}

// polynomial sets p to the polynomial in x with the given coefficients, highest first.
func (s isa) polynomial(x, p, scratch reg.VecPhysical, coefficients ...float64) {
	s.constant(float(coefficients[0]), p)
	for _, c := range coefficients[1:] {
		s.constant(float(c), scratch)
		VFMADD213PS(scratch, x, p)
	}
}

// exp replaces v by exp(v), using three more registers, for |v| < 87; beyond, the
// exponent of a float32 overflows. NaN stays NaN.
//
// With v = n·ln 2 + r, it is 2ⁿ times a polynomial in r on ±ln(2)/2.
//
// Source: Cephes, https://www.netlib.org/cephes, expf.c.
func (s isa) exp(v, n, p, scratch reg.VecPhysical) {
	s.constant(float(math.Log2E), scratch)
	VMULPS(scratch, v, n)
	if s.lanes == 16 {
		VRNDSCALEPS(operand.Imm(8), n, n)
	} else {
		VROUNDPS(operand.Imm(8), n, n)
	}
	s.constant(float(-0.693359375), scratch) // ln 2 in two parts: the first times n is exact
	VFMADD231PS(scratch, n, v)
	s.constant(float(2.12194440e-4), scratch)
	VFMADD231PS(scratch, n, v)
	s.polynomial(v, p, scratch, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1)
	VCVTPS2DQ(n, n)
	VPSLLD(operand.Imm(23), n, n) // n as the exponent
	VPADDD(n, p, v)
}

// affine is the transform of a coupling layer for one moving feature of n events.
func (s isa) affine() {
	for _, inverse := range []bool{true, false} {
		name, formula := "affineForward", "x = z·exp(s) + t and logDet += s"
		if inverse {
			name, formula = "affineInverse", "z = (x - t)·exp(-s) and logDet -= s"
		}
		name += s.name
		// The kernel moves v to out.
		TEXT(name, NOSPLIT, "func(out, logDet, scale, slope, v, r, t *float32, n int, limit, inverseLimit float32)")
		Pragma("noescape")
		Doc(name+" computes, with s = limit·tanh(r/limit),",
			formula+", and keeps the factor of the",
			"feature as scale, and ds/dr as slope.")
		p := pointers("out", "logDet", "scale", "slope", "v", "r", "t")
		out, logDet, scale, slope, v, r, t := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
		n := Load(Param("n"), GP64()).(reg.GPVirtual)
		x, a, b, c, limit, inverseLimit, one, sum := s.regs[0], s.regs[1], s.regs[2], s.regs[3], s.regs[4], s.regs[5], s.regs[6], s.regs[7]
		s.broadcast("limit", limit)
		s.broadcast("inverseLimit", inverseLimit)
		s.constant(float(1), one)
		s.each("loop", n, p, func() {
			VMULPS(s.at(r, 0), inverseLimit, x)
			s.tanh(x, a, b, c)
			VMOVAPS(one, a)
			VFNMADD231PS(x, x, a) // 1 - tanh²
			VMOVUPS(a, s.at(slope, 0))
			VMULPS(limit, x, x) // s
			VMOVUPS(s.at(logDet, 0), sum)
			if inverse {
				VSUBPS(x, sum, sum)
				s.zero(a)
				VSUBPS(x, a, x)
			} else {
				VADDPS(x, sum, sum)
			}
			VMOVUPS(sum, s.at(logDet, 0))
			s.exp(x, a, b, c)
			VMOVUPS(x, s.at(scale, 0))
			VMOVUPS(s.at(v, 0), a)
			if inverse {
				VSUBPS(s.at(t, 0), a, a)
				VMULPS(x, a, a)
			} else {
				VFMADD213PS(s.at(t, 0), x, a)
			}
			VMOVUPS(a, s.at(out, 0))
		})
		VZEROUPPER()
		RET()
	}
}

// affineBackward is the backward pass of affineInverse.
func (s isa) affineBackward() {
	name := "affineBackward" + s.name
	TEXT(name, NOSPLIT, "func(dr, dt, d, z, scale, slope, weight *float32, n int)")
	Pragma("noescape")
	Doc(name+" turns d, dL/dz of affineInverse's result z, into dL/dx, and sets dr and",
		"dt. The loss holds weight·s of each event, from the log-determinant.")
	p := pointers("dr", "dt", "d", "z", "scale", "slope", "weight")
	dr, dt, d, z, scale, slope, weight := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	dz, dx, ds, minus := s.regs[0], s.regs[1], s.regs[2], s.regs[3]
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(d, 0), dz)
		VMULPS(s.at(scale, 0), dz, dx)
		VMOVUPS(dx, s.at(d, 0))
		s.zero(minus)
		VSUBPS(dx, minus, minus)
		VMOVUPS(minus, s.at(dt, 0))
		VMOVUPS(s.at(weight, 0), ds)
		VFNMADD231PS(s.at(z, 0), dz, ds)
		VMULPS(s.at(slope, 0), ds, ds)
		VMOVUPS(ds, s.at(dr, 0))
	})
	VZEROUPPER()
	RET()
}

// clip clips the inputs of a conditioner.
func (s isa) clip() {
	name := "clip" + s.name
	TEXT(name, NOSPLIT, "func(out, in *float32, n int, bound float32)")
	Pragma("noescape")
	Doc(name + " sets out to in, cut off at ±bound. NaN stays NaN.")
	p := pointers("out", "in")
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	v, high, low := s.regs[0], s.regs[1], s.regs[2]
	s.broadcast("bound", high)
	s.zero(low)
	VSUBPS(high, low, low)
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(p[1], 0), v)
		VMINPS(v, high, v)
		VMAXPS(v, low, v)
		VMOVUPS(v, s.at(p[0], 0))
	})
	VZEROUPPER()
	RET()
}

// clipBackward is the backward pass of clip.
func (s isa) clipBackward() {
	name := "clipBackward" + s.name
	TEXT(name, NOSPLIT, "func(d, dOut, out *float32, n int, bound float32)")
	Pragma("noescape")
	Doc(name + " adds dOut to d where clip's result, out, lies within ±bound.")
	p := pointers("d", "dOut", "out")
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	v, high, low, scratch := s.regs[0], s.regs[1], s.regs[2], s.regs[3]
	s.broadcast("bound", high)
	s.zero(low)
	VSUBPS(high, low, low)
	const lessThan, greaterThan = 1, 14
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(p[2], 0), v)
		if s.lanes == 16 {
			VCMPPS(operand.Imm(lessThan), high, v, reg.K1)
			VCMPPS(operand.Imm(greaterThan), low, v, reg.K1, reg.K1)
			VMOVUPS_Z(s.at(p[1], 0), reg.K1, v)
		} else {
			VCMPPS(operand.Imm(lessThan), high, v, scratch)
			VCMPPS(operand.Imm(greaterThan), low, v, v)
			VANDPS(scratch, v, v)
			VANDPS(s.at(p[1], 0), v, v)
		}
		VADDPS(s.at(p[0], 0), v, v)
		VMOVUPS(v, s.at(p[0], 0))
	})
	VZEROUPPER()
	RET()
}

// adam is one update of Adam.
func (s isa) adam() {
	name := "adam" + s.name
	TEXT(name, NOSPLIT, "func(w, mean, square, gradient *float32, n int, factor, decay1, decay2, rate, correction, epsilon float32)")
	Pragma("noescape")
	Doc(name+" updates the weights w from the gradient factor·g, g = gradient:",
		"mean += (1-decay1)·(factor·g - mean), square += (1-decay2)·(factor²·g² - square),",
		"w -= rate·mean/(√(correction·square) + epsilon).")
	p := pointers("w", "mean", "square", "gradient")
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	r := s.regs
	factor, decay1, decay2, rate, correction, epsilon, rest1, rest2 := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]
	s.broadcast("factor", factor)
	s.broadcast("decay1", decay1)
	s.broadcast("decay2", decay2)
	s.broadcast("rate", rate)
	s.broadcast("correction", correction)
	s.broadcast("epsilon", epsilon)
	s.constant(float(1), rest2)
	VSUBPS(decay1, rest2, rest1)
	VSUBPS(decay2, rest2, rest2)
	g, mean, square, scaled := r[8], r[9], r[10], r[11]
	s.each("loop", n, p, func() {
		VMULPS(s.at(p[3], 0), factor, g)
		VMULPS(rest1, g, mean)
		VFMADD231PS(s.at(p[1], 0), decay1, mean)
		VMOVUPS(mean, s.at(p[1], 0))
		VMULPS(g, g, square)
		VMULPS(rest2, square, square)
		VFMADD231PS(s.at(p[2], 0), decay2, square)
		VMOVUPS(square, s.at(p[2], 0))
		VMULPS(correction, square, scaled)
		VSQRTPS(scaled, scaled)
		VADDPS(epsilon, scaled, scaled)
		VMULPS(rate, mean, mean)
		VDIVPS(scaled, mean, mean)
		VMOVUPS(s.at(p[0], 0), g)
		VSUBPS(mean, g, g)
		VMOVUPS(g, s.at(p[0], 0))
	})
	VZEROUPPER()
	RET()
}

// add adds one array to another.
func (s isa) add() {
	name := "add" + s.name
	TEXT(name, NOSPLIT, "func(out, in *float32, n int)")
	Pragma("noescape")
	Doc(name + " adds in to out.")
	p := pointers("out", "in")
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	v := s.regs[0]
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(p[0], 0), v)
		VADDPS(s.at(p[1], 0), v, v)
		VMOVUPS(v, s.at(p[0], 0))
	})
	VZEROUPPER()
	RET()
}

// sumSquares sums squares, for the norm of a gradient.
func (s isa) sumSquares() {
	name := "sumSquares" + s.name
	TEXT(name, NOSPLIT, "func(in *float32, n int) float32")
	Pragma("noescape")
	Doc(name + " returns the sum of the squares.")
	p := pointers("in")
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	sum, v := s.regs[0], s.regs[1]
	s.zero(sum)
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(p[0], 0), v)
		VFMADD231PS(v, v, sum)
	})
	s.reduce(sum, v)
	Store(sum.AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}
