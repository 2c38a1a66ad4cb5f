package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tileRows are the heights of a tile of the product. Six rows of four vectors are 24
// sums, which hide the latency of the multiply-adds: the four vectors of the right side
// are loaded once for all six, so that loads do not delay the sums.
var tileRows = []int{6, 4, 2, 1}

// product is one column of tiles of a matrix product, width vectors wide:
//
//	out[i][:] = epilogue(start[i][:] + Σ_k w[i, k]·in[k][:]),   i = 0..m-1
//
// Rows of out, in and mask are ldOut, ldIn and ldOut bytes apart; w[i, k] is i·wi + k·wk
// bytes after w, so that w may be a matrix or its transpose. The low two bits of mode
// choose the start, and the next two the epilogue, see the constants in package kernel.
func (s isa) product(width int) {
	name := fmt.Sprintf("product%sx%d", s.name, width*s.lanes)
	TEXT(name, NOSPLIT, "func(out, w, in, bias, mask *float32, m, k, ldOut, ldIn, wi, wk, mode int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s makes a column of tiles of a product, %d float32s wide.", name, width*s.lanes))
	p := pointers("out", "w", "bias", "mask")
	out, w, bias, mask := p[0], p[1], p[2], p[3]
	m := Load(Param("m"), GP64()).(reg.GPVirtual)
	wi := Load(Param("wi"), GP64()).(reg.GPVirtual)
	wk := Load(Param("wk"), GP64()).(reg.GPVirtual)
	ldIn := Load(Param("ldIn"), GP64()).(reg.GPVirtual)
	wi3, wi5 := GP64(), GP64()
	LEAQ(operand.Mem{Base: wi, Index: wi, Scale: 2}, wi3)
	LEAQ(operand.Mem{Base: wi, Index: wi, Scale: 4}, wi5)

	for i, rows := range tileRows {
		here := fmt.Sprintf("rows%d", rows)
		next := "done"
		if i+1 < len(tileRows) {
			next = fmt.Sprintf("rows%d", tileRows[i+1])
		}
		Label(here)
		CMPQ(m, operand.Imm(uint64(rows)))
		JL(operand.LabelRef(next))

		sums := s.regs[:rows*width]
		right := s.regs[rows*width : rows*width+width]
		left := s.regs[rows*width+width]
		s.start(here, rows, width, sums, out, bias)

		wp, in := GP64(), Load(Param("in"), GP64()).(reg.GPVirtual)
		k := Load(Param("k"), GP64()).(reg.GPVirtual)
		MOVQ(w, wp)
		loop := here + "_loop"
		Label(loop)
		for j := range right {
			VMOVUPS(s.at(in, j), right[j])
		}
		places := []operand.Mem{
			{Base: wp}, {Base: wp, Index: wi, Scale: 1}, {Base: wp, Index: wi, Scale: 2},
			{Base: wp, Index: wi3, Scale: 1}, {Base: wp, Index: wi, Scale: 4}, {Base: wp, Index: wi5, Scale: 1},
		}
		for r := range rows {
			VBROADCASTSS(places[r], left)
			for j := range right {
				VFMADD231PS(right[j], left, sums[r*width+j])
			}
		}
		ADDQ(wk, wp)
		ADDQ(ldIn, in)
		DECQ(k)
		JNZ(operand.LabelRef(loop))

		s.finish(here, rows, width, sums, right[0], left, out, mask)
		ADDQ(operand.Imm(uint64(4*rows)), bias)
		// w advances by rows·wi.
		for _, n := range map[int][]reg.GPVirtual{6: {wi5, wi}, 4: {wi3, wi}, 2: {wi, wi}, 1: {wi}}[rows] {
			ADDQ(n, w)
		}
		SUBQ(operand.Imm(uint64(rows)), m)
		JMP(operand.LabelRef(here))
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// start fills the sums of a tile: with zeros, with the bias of each row, or with the
// contents of out.
func (s isa) start(here string, rows, width int, sums []reg.VecPhysical, out, bias reg.GPVirtual) {
	mode := Load(Param("mode"), GP64()).(reg.GPVirtual)
	ANDQ(operand.Imm(3), mode)
	CMPQ(mode, operand.Imm(1))
	JE(operand.LabelRef(here + "_bias"))
	JG(operand.LabelRef(here + "_add"))
	for _, v := range sums {
		s.zero(v)
	}
	JMP(operand.LabelRef(here + "_started"))

	Label(here + "_bias")
	for r := range rows {
		for j := range width {
			VBROADCASTSS(operand.Mem{Base: bias, Disp: 4 * r}, sums[r*width+j])
		}
	}
	JMP(operand.LabelRef(here + "_started"))

	Label(here + "_add")
	row, ldOut := GP64(), Load(Param("ldOut"), GP64()).(reg.GPVirtual)
	MOVQ(out, row)
	for r := range rows {
		for j := range width {
			VMOVUPS(s.at(row, j), sums[r*width+j])
		}
		if r+1 < rows {
			ADDQ(ldOut, row)
		}
	}
	Label(here + "_started")
}

// finish applies the epilogue to the sums (none, ReLU, or zero where the mask is not
// positive) and writes them; out and mask advance to the next tile.
func (s isa) finish(here string, rows, width int, sums []reg.VecPhysical, zero, scratch reg.VecPhysical, out, mask reg.GPVirtual) {
	mode := Load(Param("mode"), GP64()).(reg.GPVirtual)
	ldOut := Load(Param("ldOut"), GP64()).(reg.GPVirtual)
	s.zero(zero)
	SHRQ(operand.Imm(2), mode)
	CMPQ(mode, operand.Imm(1))
	JL(operand.LabelRef(here + "_store"))
	JG(operand.LabelRef(here + "_mask"))
	for _, v := range sums {
		VMAXPS(v, zero, v) // in this order of operands NaN stays NaN
	}
	JMP(operand.LabelRef(here + "_store"))

	Label(here + "_mask")
	const lessThan = 1
	for r := range rows {
		for j := range width {
			v := sums[r*width+j]
			if s.lanes == 16 {
				VCMPPS(operand.Imm(lessThan), s.at(mask, j), zero, reg.K1)
				VMOVAPS_Z(v, reg.K1, v)
			} else {
				VCMPPS(operand.Imm(lessThan), s.at(mask, j), zero, scratch)
				VANDPS(scratch, v, v)
			}
		}
		ADDQ(ldOut, mask)
	}

	Label(here + "_store")
	for r := range rows {
		for j := range width {
			VMOVUPS(sums[r*width+j], s.at(out, j))
		}
		ADDQ(ldOut, out)
	}
}

// peak performs multiply-adds only, as many as the core can.
func (s isa) peak() {
	name := "peak" + s.name
	TEXT(name, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("%s does n rounds of %d multiply-adds of %d float32s.", name, peakSums, s.lanes))
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	for _, v := range s.regs[:peakSums+2] {
		s.zero(v)
	}
	Label("loop")
	for _, v := range s.regs[:peakSums] {
		VFMADD231PS(s.regs[peakSums], s.regs[peakSums+1], v)
	}
	DECQ(n)
	JNZ(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}

const peakSums = 12

// dots adds the scalar products of rows of 64 float32s each:
//
//	g[i, o] += Σ_r a[i][r]·d[o][r],   i = 0..m-1, o = 0..n-1
func (s isa) dots() {
	TEXT("dots"+s.name, NOSPLIT, "func(sums, a, d *float32, m, n int)")
	Pragma("noescape")
	Doc("dots" + s.name + " adds the scalar products of m and of n rows of 64.")
	p := pointers("sums", "a")
	g, a := p[0], p[1]
	m := Load(Param("m"), GP64()).(reg.GPVirtual)
	vectors := 64 / s.lanes
	rows, sum, odd := s.regs[:vectors], s.regs[vectors], s.regs[vectors+1]
	Label("row")
	for i, v := range rows {
		VMOVUPS(s.at(a, i), v)
	}
	d, n := Load(Param("d"), GP64()).(reg.GPVirtual), Load(Param("n"), GP64()).(reg.GPVirtual)
	Label("column")
	VMULPS(s.at(d, 0), rows[0], sum)
	VMULPS(s.at(d, 1), rows[1], odd)
	for i := 2; i < vectors; i++ {
		VFMADD231PS(s.at(d, i), rows[i], []reg.VecPhysical{sum, odd}[i%2])
	}
	VADDPS(odd, sum, sum)
	s.reduce(sum, odd)
	VADDSS(operand.Mem{Base: g}, sum.AsX(), sum.AsX())
	VMOVSS(sum.AsX(), operand.Mem{Base: g})
	ADDQ(operand.Imm(4), g)
	ADDQ(operand.U32(256), d)
	DECQ(n)
	JNZ(operand.LabelRef("column"))
	ADDQ(operand.U32(256), a)
	DECQ(m)
	JNZ(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}

// reduce leaves the sum of all lanes of v in its first lane.
func (s isa) reduce(v, scratch reg.VecPhysical) {
	if s.lanes == 4 {
		VHADDPS(v, v, v)
		VHADDPS(v, v, v)
		return
	}
	if s.lanes == 16 {
		VEXTRACTF64X4(operand.Imm(1), v, scratch.AsY())
		VADDPS(scratch.AsY(), v.AsY(), v.AsY())
	}
	VEXTRACTF128(operand.Imm(1), v.AsY(), scratch.AsX())
	VADDPS(scratch.AsX(), v.AsX(), v.AsX())
	VMOVHLPS(v.AsX(), v.AsX(), scratch.AsX())
	VADDPS(scratch.AsX(), v.AsX(), v.AsX())
	VMOVSHDUP(v.AsX(), scratch.AsX())
	VADDSS(scratch.AsX(), v.AsX(), v.AsX())
}
