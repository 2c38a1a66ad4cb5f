package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The memory layout of package kernel and its Spline: rows of a block of float32s, one
// after the other, in the order of these names.
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

// bits returns a float32, or an integer, with the given bits in the data section.
func bits(v uint32) operand.Mem { return float(float64(math.Float32frombits(v))) }

// row returns the start of row i of the rows at base.
func row(base reg.Register, i int) operand.Mem { return operand.Mem{Base: base, Disp: i * rowBytes} }

// mask tells for each lane whether a comparison holds.
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

// atLeast raises v to the bound; NaN stays NaN.
func (s isa) atLeast(bound float64, v, scratch reg.VecPhysical) {
	s.constant(float(bound), scratch)
	VMAXPS(v, scratch, v)
}

// mantissaLog replaces x, from √½-1 to √2-1, by log(1+x) + exponent·log 2, using three
// more registers.
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

// log replaces v, positive and not denormal, by log v, using four more registers. NaN
// stays NaN.
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

// slope replaces v by log(1+exp(v)) + least, using five more registers.
func (s isa) slope(v, e, exponent, square, p, scratch reg.VecPhysical, m mask) {
	s.zero(scratch)
	VSUBPS(v, scratch, e)
	VMINPS(v, e, e) // -|v|
	s.atLeast(-87, e, scratch)
	s.exp(e, exponent, p, scratch)
	// log(1+e) for 0 < e <= 1: half of 1+e if that exceeds √2
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
