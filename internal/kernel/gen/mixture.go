package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// addSquares adds the exponent of a Gaussian in one feature.
func (s isa) addSquares() {
	name := "addSquares" + s.name
	TEXT(name, NOSPLIT, "func(out, z *float32, n int, mean, scale float32)")
	Pragma("noescape")
	Doc(name + " adds ((z - mean)·scale)² to out.")
	p := pointers("out", "z")
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	v, sum, mean, scale := s.regs[0], s.regs[1], s.regs[2], s.regs[3]
	s.broadcast("mean", mean)
	s.broadcast("scale", scale)
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(p[1], 0), v)
		VSUBPS(mean, v, v)
		VMULPS(scale, v, v)
		VMOVUPS(s.at(p[0], 0), sum)
		VFMADD231PS(v, v, sum)
		VMOVUPS(sum, s.at(p[0], 0))
	})
	VZEROUPPER()
	RET()
}

// pull is the backward pass of addSquares.
func (s isa) pull() {
	name := "pull" + s.name
	TEXT(name, NOSPLIT, "func(dz, z, share *float32, n int, mean, scale float32) (first, second float32)")
	Pragma("noescape")
	Doc(name+" adds share·u·scale to dz, with u = (z - mean)·scale, and returns the sums of",
		"share·u and of share·u².")
	p := pointers("dz", "z", "share")
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	r := s.regs
	u, pulled, sum, mean, scale, first, second := r[0], r[1], r[2], r[3], r[4], r[5], r[6]
	s.broadcast("mean", mean)
	s.broadcast("scale", scale)
	s.zero(first)
	s.zero(second)
	s.each("loop", n, p, func() {
		VMOVUPS(s.at(p[1], 0), u)
		VSUBPS(mean, u, u)
		VMULPS(scale, u, u)
		VMULPS(s.at(p[2], 0), u, pulled)
		VADDPS(pulled, first, first)
		VFMADD231PS(u, pulled, second)
		VMOVUPS(s.at(p[0], 0), sum)
		VFMADD231PS(scale, pulled, sum)
		VMOVUPS(sum, s.at(p[0], 0))
	})
	s.reduce(first, u)
	s.reduce(second, u)
	Store(first.AsX(), ReturnIndex(0))
	Store(second.AsX(), ReturnIndex(1))
	VZEROUPPER()
	RET()
}
