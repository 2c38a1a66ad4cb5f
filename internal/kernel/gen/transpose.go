package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose writes in, [rows, 64], as out, [64, rows], whose rows are ldOut bytes apart,
// one square of as many rows as a vector has lanes after another.
func (s isa) transpose(square func(load func(i int, v reg.VecPhysical), store func(i int, v reg.VecPhysical))) {
	name := "transpose" + s.name
	TEXT(name, NOSPLIT, "func(out, in *float32, rows, ldOut int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s turns in, [rows, 64], into out, [64, rows], whose rows lie ldOut bytes apart;", name),
		fmt.Sprintf("rows is a multiple of %d.", s.lanes))
	p := pointers("out", "in")
	out, in := p[0], p[1]
	rows, ldOut := Load(Param("rows"), GP64()).(reg.GPVirtual), Load(Param("ldOut"), GP64()).(reg.GPVirtual)
	to := GP64()
	Label("loop")
	MOVQ(out, to)
	for column := 0; column < 64; column += s.lanes {
		square(
			func(i int, v reg.VecPhysical) { VMOVUPS(operand.Mem{Base: in, Disp: 256*i + 4*column}, v) },
			func(_ int, v reg.VecPhysical) {
				VMOVUPS(v, operand.Mem{Base: to})
				ADDQ(ldOut, to)
			})
	}
	ADDQ(operand.U32(256*s.lanes), in)
	ADDQ(operand.Imm(uint64(s.bytes())), out)
	SUBQ(operand.Imm(uint64(s.lanes)), rows)
	JG(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// transpose512 transposes squares of 16 by 16.
func (s isa) transpose512() {
	a, b := s.regs[:16], s.regs[16:]
	s.transpose(func(load, store func(int, reg.VecPhysical)) {
		for i := range 16 {
			load(i, a[i])
		}
		for i := 0; i < 16; i += 2 { // pairs of rows
			VUNPCKLPS(a[i+1], a[i], b[i])
			VUNPCKHPS(a[i+1], a[i], b[i+1])
		}
		for i := 0; i < 16; i += 4 { // fours: a[i+j] holds columns j, j+4, j+8, j+12 of rows i..i+3
			VUNPCKLPD(b[i+2], b[i], a[i])
			VUNPCKHPD(b[i+2], b[i], a[i+1])
			VUNPCKLPD(b[i+3], b[i+1], a[i+2])
			VUNPCKHPD(b[i+3], b[i+1], a[i+3])
		}
		for i := 0; i < 16; i += 8 { // eights
			for j := range 4 {
				VSHUFF32X4(operand.Imm(0x88), a[i+4+j], a[i+j], b[i+j])   // columns j and j+8
				VSHUFF32X4(operand.Imm(0xdd), a[i+4+j], a[i+j], b[i+4+j]) // columns j+4 and j+12
			}
		}
		for j := range 8 {
			VSHUFF32X4(operand.Imm(0x88), b[8+j], b[j], a[j])
			VSHUFF32X4(operand.Imm(0xdd), b[8+j], b[j], a[8+j])
		}
		for i := range 16 {
			store(i, a[i])
		}
	})
}

// transpose256 transposes squares of 8 by 8.
func (s isa) transpose256() {
	a, b := s.regs[:8], s.regs[8:]
	s.transpose(func(load, store func(int, reg.VecPhysical)) {
		for i := range 8 {
			load(i, a[i])
		}
		for i := 0; i < 8; i += 2 {
			VUNPCKLPS(a[i+1], a[i], b[i])
			VUNPCKHPS(a[i+1], a[i], b[i+1])
		}
		for i := 0; i < 8; i += 4 {
			VUNPCKLPD(b[i+2], b[i], a[i])
			VUNPCKHPD(b[i+2], b[i], a[i+1])
			VUNPCKLPD(b[i+3], b[i+1], a[i+2])
			VUNPCKHPD(b[i+3], b[i+1], a[i+3])
		}
		for j := range 4 {
			VPERM2F128(operand.Imm(0x20), a[4+j], a[j], b[j])
			VPERM2F128(operand.Imm(0x31), a[4+j], a[j], b[4+j])
		}
		for i := range 8 {
			store(i, b[i])
		}
	})
}

// transpose128 transposes squares of 4 by 4.
func (s isa) transpose128() {
	a, b := s.regs[:4], s.regs[4:]
	s.transpose(func(load, store func(int, reg.VecPhysical)) {
		for i := range 4 {
			load(i, a[i])
		}
		for i := 0; i < 4; i += 2 {
			VUNPCKLPS(a[i+1], a[i], b[i])
			VUNPCKHPS(a[i+1], a[i], b[i+1])
		}
		VUNPCKLPD(b[2], b[0], a[0])
		VUNPCKHPD(b[2], b[0], a[1])
		VUNPCKLPD(b[3], b[1], a[2])
		VUNPCKHPD(b[3], b[1], a[3])
		for i := range 4 {
			store(i, a[i])
		}
	})
}
