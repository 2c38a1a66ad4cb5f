package main

import (
	"fmt"
	mathbits "math/bits"
	"os"
	"strings"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// neon is arm64, for which avo cannot write code: its functions are described with
// amd64's instructions, on vectors of four, and each instruction is translated into one
// or a few of arm64's. Two vectors are reserved for that.
var neon = isa{name: "NEON", lanes: 4, widths: []int{4}, regs: []reg.VecPhysical{
	reg.X0, reg.X1, reg.X2, reg.X3, reg.X4, reg.X5, reg.X6, reg.X7, reg.X8, reg.X9, reg.X10, reg.X11, reg.X12, reg.X13, reg.X14, reg.X15,
	reg.X16, reg.X17, reg.X18, reg.X19, reg.X20, reg.X21, reg.X22, reg.X23, reg.X24, reg.X25, reg.X26, reg.X27, reg.X28, reg.X29,
}}

const (
	loadedV = 30 // an operand from memory
	sumV    = 31 // of a multiply-add that overwrites a factor
	helper  = 19 // R19: an address or a constant
)

// vectorOps are instructions on two vectors a, b and the result: d = b ∘ a.
var vectorOps = map[string]struct {
	name string
	bits uint32
}{
	"VADDPS": {"fadd", 0x4e20d400}, "VSUBPS": {"fsub", 0x4ea0d400}, "VMULPS": {"fmul", 0x6e20dc00}, "VDIVPS": {"fdiv", 0x6e20fc00},
	"VMAXPS": {"fmax", 0x4e20f400}, "VMINPS": {"fmin", 0x4ea0f400}, "VHADDPS": {"faddp", 0x6e20d400},
	"VFMADD231PS": {"fmla", 0x4e20cc00}, "VFNMADD231PS": {"fmls", 0x4ea0cc00},
	"VPADDD": {"add", 0x4ea08400}, "VPSUBD": {"sub", 0x6ea08400}, "VPCMPGTD": {"cmgt", 0x4ea03400},
	"VANDPS": {"and", 0x4e201c00}, "VXORPS": {"eor", 0x6e201c00},
	"VUNPCKLPS": {"zip1", 0x4e803800}, "VUNPCKHPS": {"zip2", 0x4e807800}, "VUNPCKLPD": {"zip1.2d", 0x4ec03800}, "VUNPCKHPD": {"zip2.2d", 0x4ec07800},
}

// unaryOps are instructions on one vector.
var unaryOps = map[string]struct {
	name string
	bits uint32
}{
	"VSQRTPS": {"fsqrt", 0x6ea1f800}, "VCVTPS2DQ": {"fcvtns", 0x4e21a800}, "VCVTDQ2PS": {"scvtf", 0x4e21d800},
}

var jumps = map[string]string{"JMP": "JMP", "JE": "BEQ", "JZ": "BEQ", "JNZ": "BNE", "JL": "BLT", "JG": "BGT"}

// writeNEON writes the functions for neon to path.s and their stubs to path.go, and
// removes them from the file.
func writeNEON(path string, f *ir.File, config printer.Config) error {
	own := ir.NewFile()
	var rest []ir.Section
	for _, s := range f.Sections {
		if fn, ok := s.(*ir.Function); ok && strings.Contains(fn.Name, neon.name) {
			own.AddSection(fn)
		} else {
			rest = append(rest, s)
		}
	}
	f.Sections = rest
	stubs, err := printer.NewStubs(config).Print(own)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".go", stubs, 0o644); err != nil {
		return err
	}
	var a arm64
	a.line("// %s\n\n#include \"textflag.h\"", config.GeneratedWarning())
	for _, fn := range own.Functions() {
		a.function(fn)
	}
	return os.WriteFile(path+".s", []byte(a.text.String()), 0o644)
}

// arm64 writes functions of amd64 in the assembly of arm64. Instructions that Go's
// assembler does not know, most of those on vectors of float32, are written as numbers.
//
// Source: Arm Architecture Reference Manual for A-profile, C7.2.
type arm64 struct{ text strings.Builder }

func (a *arm64) line(format string, args ...any) { fmt.Fprintf(&a.text, format+"\n", args...) }

func (a *arm64) function(fn *ir.Function) {
	a.line("\n// %s\nTEXT ·%s(SB), NOSPLIT, $0-%d", fn.Stub(), fn.Name, fn.ArgumentBytes())
	for _, n := range fn.Nodes {
		switch n := n.(type) {
		case ir.Label:
			a.line("%s:", n)
		case *ir.Instruction:
			a.instruction(n.Opcode, n.Operands)
		}
	}
}

func (a *arm64) word(name string, bits uint32, m, n, d int) {
	a.line("\tWORD $0x%08x // %s v%d, v%d, v%d", bits|uint32(m)<<16|uint32(n)<<5|uint32(d), name, d, n, m)
}

func (a *arm64) unary(name string, bits uint32, n, d int) {
	a.line("\tWORD $0x%08x // %s v%d, v%d", bits|uint32(n)<<5|uint32(d), name, d, n)
}

func (a *arm64) instruction(op string, o []operand.Op) {
	last := len(o) - 1
	if of, ok := vectorOps[op]; ok {
		a.word(of.name, of.bits, a.vector(o[0], loadedV), a.vector(o[1], loadedV), index(o[2]))
		return
	}
	if of, ok := unaryOps[op]; ok {
		a.unary(of.name, of.bits, a.vector(o[0], loadedV), index(o[1]))
		return
	}
	if jump, ok := jumps[op]; ok {
		a.line("\t%s %s", jump, o[0].Asm())
		return
	}
	switch op {
	case "VZEROUPPER":
	case "RET":
		a.line("\tRET")
	case "VMOVUPS", "VMOVAPS":
		if to, ok := o[1].(operand.Mem); ok {
			a.line("\tFMOVQ F%d, %s", index(o[0]), a.place(to))
		} else if from, ok := o[0].(operand.Mem); ok {
			a.line("\tFMOVQ %s, F%d", a.place(from), index(o[1]))
		} else {
			a.move(index(o[0]), index(o[1]))
		}
	case "VBROADCASTSS":
		a.broadcast(o[0].(operand.Mem), index(o[1]))
	case "VFMADD213PS", "VFMSUB213PS": // d = b·d ± c
		c := a.vector(o[0], sumV)
		if op == "VFMSUB213PS" {
			a.unary("fneg", 0x6ea0f800, c, sumV)
		} else if c != sumV {
			a.move(c, sumV)
		}
		a.word("fmla", vectorOps["VFMADD231PS"].bits, index(o[1]), index(o[2]), sumV)
		a.move(sumV, index(o[2]))
	case "VCMPPS":
		a.compare(int(number(o[0])), a.vector(o[1], loadedV), a.vector(o[2], loadedV), index(o[3]))
	case "VBLENDVPS":
		if index(o[2]) != index(o[3]) {
			panic("a blend that is not in place")
		}
		a.word("bit", 0x6ea01c00, index(o[0]), a.vector(o[1], loadedV), index(o[3]))
	case "VROUNDPS": // to nearest, as its operand says
		a.unary("frintn", 0x4e218800, index(o[1]), index(o[2]))
	case "VPSLLD":
		a.unary(fmt.Sprintf("shl %d,", number(o[0])), 0x4f005400|uint32(32+number(o[0]))<<16, index(o[1]), index(o[2]))
	case "VPSRAD":
		a.unary(fmt.Sprintf("sshr %d,", number(o[0])), 0x4f000400|uint32(64-number(o[0]))<<16, index(o[1]), index(o[2]))
	case "VADDSS":
		a.line("\tFMOVS %s, F%d", a.place(o[0].(operand.Mem)), loadedV)
		a.line("\tFADDS F%d, F%d, F%d", loadedV, index(o[1]), index(o[2]))
	case "VMOVSS", "MOVSS":
		a.line("\tFMOVS F%d, %s", index(o[0]), a.place(o[1].(operand.Mem)))
	case "MOVQ":
		a.line("\tMOVD %s, %s", a.scalar(o[0]), a.scalar(o[1]))
	case "ADDQ":
		a.line("\tADD %s, %s", a.scalar(o[0]), a.scalar(o[1]))
	case "SUBQ":
		a.line("\tSUBS %s, %s", a.scalar(o[0]), a.scalar(o[1]))
	case "DECQ":
		a.line("\tSUBS $1, %s", a.scalar(o[0]))
	case "ANDQ":
		a.line("\tAND %s, %s", a.scalar(o[0]), a.scalar(o[1]))
	case "SHRQ":
		a.line("\tLSR %s, %s", a.scalar(o[0]), a.scalar(o[1]))
	case "CMPQ":
		a.line("\tCMP %s, %s", a.scalar(o[1]), a.scalar(o[0]))
	case "TESTQ": // of a number with itself
		a.line("\tCMP $0, %s", a.scalar(o[0]))
	case "LEAQ":
		a.line("\tADD %s, %s", shifted(o[0].(operand.Mem)), a.scalar(o[last]))
	default:
		panic(fmt.Sprintf("no instruction of arm64 for %s", op))
	}
}

// compare sets d where n ∘ m holds.
func (a *arm64) compare(predicate, m, n, d int) {
	switch predicate {
	case equal:
		a.word("fcmeq", 0x4e20e400, m, n, d)
	case lessThan:
		a.word("fcmgt", 0x6ea0e400, n, m, d)
	case lessEqual:
		a.word("fcmge", 0x6e20e400, n, m, d)
	case greaterThan:
		a.word("fcmgt", 0x6ea0e400, m, n, d)
	case greaterEqual:
		a.word("fcmge", 0x6e20e400, m, n, d)
	default:
		panic(fmt.Sprintf("no comparison %d", predicate))
	}
}

func (a *arm64) move(from, to int) {
	if from != to {
		a.word("mov", 0x4ea01c00, from, from, to)
	}
}

// broadcast fills a vector with a constant, a parameter or a number from memory.
func (a *arm64) broadcast(from operand.Mem, to int) {
	value, constant := values[from.Symbol.Name]
	switch {
	case constant && value == 0:
		a.word("eor", vectorOps["VXORPS"].bits, to, to, to)
	case constant:
		a.line("\tMOVD $0x%08x, R%d", value, helper)
		a.line("\tVDUP R%d, V%d.S4", helper, to)
	case from.Symbol.Name != "":
		a.line("\tFMOVS %s, F%d", a.place(from), loadedV)
		a.line("\tVDUP V%d.S[0], V%d.S4", loadedV, to)
	case from.Index == nil && from.Disp == 0:
		a.line("\tVLD1R (%s), [V%d.S4]", general(from.Base), to)
	case from.Index == nil:
		a.line("\tADD $%d, %s, R%d", from.Disp, general(from.Base), helper)
		a.line("\tVLD1R (R%d), [V%d.S4]", helper, to)
	default:
		a.line("\tADD %s, R%d", shifted(from), helper)
		a.line("\tVLD1R (R%d), [V%d.S4]", helper, to)
	}
}

// vector returns the register number of an operand; one in memory is loaded into spare.
func (a *arm64) vector(o operand.Op, spare int) int {
	if from, ok := o.(operand.Mem); ok {
		a.line("\tFMOVQ %s, F%d", a.place(from), spare)
		return spare
	}
	return index(o)
}

// place formats an address without an index.
func (a *arm64) place(m operand.Mem) string {
	if m.Symbol.Name != "" {
		return fmt.Sprintf("%s+%d(FP)", m.Symbol.Name, m.Disp)
	}
	return fmt.Sprintf("%d(%s)", m.Disp, general(m.Base))
}

// scalar formats an operand that is not a vector.
func (a *arm64) scalar(o operand.Op) string {
	switch o := o.(type) {
	case operand.Mem:
		return a.place(o)
	case reg.Register:
		return general(o)
	}
	return fmt.Sprintf("$%d", number(o))
}

// shifted formats base + index·scale as the operands of an addition.
func shifted(m operand.Mem) string {
	return fmt.Sprintf("%s<<%d, %s", general(m.Index), mathbits.TrailingZeros8(m.Scale), general(m.Base))
}

func general(r reg.Register) string { return fmt.Sprintf("R%d", index(r)) }

func index(o operand.Op) int { return int(o.(reg.Physical).PhysicalIndex()) }

func number(o operand.Op) uint64 {
	var n uint64
	if _, err := fmt.Sscanf(o.Asm(), "$%v", &n); err != nil {
		panic(fmt.Sprintf("%s is no number: %v", o.Asm(), err))
	}
	return n
}
