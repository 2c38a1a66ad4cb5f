// Program gen writes the vector kernels of package kernel, for AVX-512, for AVX2 with
// FMA and for NEON, from one description of each.
//
//	go run . -out ../vector_amd64.s -stubs ../vector_amd64.go -neon ../vector_arm64 -pkg kernel
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set: the width and the number of its vectors.
type isa struct {
	name  string
	lanes int // float32s per vector
	regs  []reg.VecPhysical
	// widths of a tile of the product, in vectors, widest first
	widths []int
}

var avx512 = isa{name: "AVX512", lanes: 16, widths: []int{4, 2, 1}, regs: []reg.VecPhysical{
	reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
}}

var avx2 = isa{name: "AVX2", lanes: 8, widths: []int{2, 1}, regs: []reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
}}

func (s isa) bytes() int { return 4 * s.lanes }

func main() {
	path := flag.String("neon", "", "`path` of the kernels for arm64, without .s and .go")
	flag.Parse()
	ConstraintExpr("amd64")
	for _, s := range []isa{avx512, avx2, neon} {
		for _, width := range s.widths {
			s.product(width)
		}
		s.peak()
		s.dots()
		s.affine()
		s.affineBackward()
		s.clip()
		s.clipBackward()
		s.adam()
		s.add()
		s.sumSquares()
		s.softmax()
		s.addSquares()
		s.pull()
		s.splinePick()
		s.spline()
		s.splineBackward()
		s.softmaxBackward()
		s.splineScatter()
	}
	avx512.transpose512()
	avx2.transpose256()
	neon.transpose128()
	config := printer.NewGoRunConfig()
	config.Pkg = flag.Lookup("pkg").Value.String()
	pass.Compile = pass.Concat(pass.Compile, pass.Func(func(f *ir.File) error { return writeNEON(*path, f, config) }))
	Generate()
}

// at returns vector number i from base on.
func (s isa) at(base reg.Register, i int) operand.Mem {
	return operand.Mem{Base: base, Disp: i * s.bytes()}
}

// zero clears a register.
func (s isa) zero(v reg.VecPhysical) {
	if s.lanes == 16 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// broadcast loads a float32 parameter of the function into all lanes of v.
func (s isa) broadcast(name string, v reg.VecPhysical) {
	address, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(address.Addr, v)
}

// constant loads the float32 c into all lanes of v.
func (s isa) constant(c operand.Mem, v reg.VecPhysical) { VBROADCASTSS(c, v) }

// each repeats body for every vector of n float32s, a multiple of the lanes, in the
// arrays at the pointers, and advances these.
func (s isa) each(label string, n reg.GPVirtual, pointers []reg.GPVirtual, body func()) {
	Label(label)
	body()
	for _, p := range pointers {
		ADDQ(operand.Imm(uint64(s.bytes())), p)
	}
	SUBQ(operand.Imm(uint64(s.lanes)), n)
	JG(operand.LabelRef(label))
}

// pointers loads the pointer parameters with the given names.
func pointers(names ...string) []reg.GPVirtual {
	all := make([]reg.GPVirtual, len(names))
	for i, name := range names {
		all[i] = Load(Param(name), GP64()).(reg.GPVirtual)
	}
	return all
}
