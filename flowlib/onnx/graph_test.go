package onnx

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/janpfeifer/must"
	"google.golang.org/protobuf/encoding/protowire"

	"normflow/flowlib/backend"
	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
)

// saved is a flow as it starts.
func saved(c flow.Config) *flow.Saved {
	s := must.M1(c.NewModel(must.M1(backend.Open("go"))))
	return must.M1(s.Saved(nil))
}

func alone(c flow.Config) *flow.Mixture {
	return must.M1(flow.NewMixture(nil, []flow.Member{{Weight: 1, Saved: saved(c)}}))
}

// built is a graph as it is written.
func built(t *testing.T, m *flow.Mixture, build func(*model)) *graph {
	t.Helper()
	var g *graph
	if _, err := export(m, "test", nil, func(m *model) { build(m); g = m.graph }); err != nil {
		t.Fatal(err)
	}
	return g
}

// check reports a name that is used before it is defined, or defined twice or never used.
func check(t *testing.T, g *graph) {
	t.Helper()
	defined, used := map[string]bool{}, map[string]bool{}
	define := func(name string) {
		if defined[name] {
			t.Errorf("%s is defined twice", name)
		}
		defined[name] = true
	}
	for _, in := range g.inputs {
		define(in.name)
	}
	for _, c := range g.constants {
		define(c.name)
		size := map[kind]int{float32s: 4, int64s: 8, float64s: 8}[c.kind]
		for _, d := range c.shape {
			size *= d
		}
		if size != len(c.raw) {
			t.Errorf("constant %s of shape %v has %d bytes, expected %d", c.name, c.shape, len(c.raw), size)
		}
	}
	for _, n := range g.nodes {
		for _, in := range n.in {
			if used[in] = true; !defined[in] {
				t.Errorf("%s uses %s before it is there", n.op, in)
			}
		}
		define(n.out)
	}
	for _, out := range g.outputs {
		if used[out.name] = true; !defined[out.name] {
			t.Errorf("nothing computes the output %s", out.name)
		}
	}
	for name := range defined {
		if !used[name] {
			t.Errorf("nothing uses %s", name)
		}
	}
}

func TestGraphsAreWhole(t *testing.T) {
	for _, name := range []string{"realnvp", "nice", "glow", "nsf"} {
		c := must.M1(flow.Named(name, 3))
		c.Context, c.Layers, c.Hidden = 1, 2, []int{4}
		m := alone(c)
		check(t, built(t, m, (*model).score))
		check(t, built(t, m, (*model).sample))
	}
}

// The operators of a small flow, in order: who changes them knows it.
func TestOperators(t *testing.T) {
	c := flow.RealNVP(2)
	c.Layers, c.Hidden = 1, []int{3}
	g := built(t, alone(c), (*model).score)
	var ops []string
	for _, n := range g.nodes {
		ops = append(ops, n.op)
	}
	const want = "Abs LessOrEqual Where Cast ReduceMin Equal Cast Cast Gather Max Min Cast Gemm Relu Gemm Cast Gather Slice Slice Div Tanh Mul Neg Sub Exp Mul Concat Gather ReduceSum Add Mul ReduceSum Mul Add Add Equal Where Where Identity Unsqueeze Where Identity"
	if got := strings.Join(ops, " "); got != want {
		t.Errorf("the operators are %s, expected %s", got, want)
	}
}

// The file is protobuf, down to its nodes, and says what it is.
func TestFile(t *testing.T) {
	file, err := Score(alone(flow.NICE(2)), map[string]string{"columns": `["a","b"]`})
	if err != nil {
		t.Fatal(err)
	}
	fields := fieldsOf(t, file)
	entries := ""
	for _, entry := range fields[14] {
		entries += string(entry)
	}
	if !strings.Contains(entries, `["a","b"]`) || !strings.Contains(entries, "nice") || len(fields[7]) != 1 {
		t.Errorf("found %d graphs and the entries %q", len(fields[7]), entries)
	}
	for _, node := range fieldsOf(t, fields[7][0])[1] {
		if len(fieldsOf(t, node)[4]) != 1 {
			t.Error("a node without an operator")
		}
	}
}

// fieldsOf are the messages, strings and bytes of a message, by their numbers.
func fieldsOf(t *testing.T, b []byte) map[protowire.Number][][]byte {
	t.Helper()
	all := map[protowire.Number][][]byte{}
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(field, kind, b)
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		if kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(b)
			all[field] = append(all[field], v)
		}
		b = b[size:]
	}
	return all
}

// What the graph would compute of the tables is the function, to its last digits or so.
func TestCurves(t *testing.T) {
	value := func(c curve, v float64) float64 {
		v = min(v, c.end)
		k := min(int(math.Log(v/nearest+1)/growth), len(c.middle)-1)
		xi, sum := (v-c.middle[k])/c.half[k], 0.0
		for _, of := range slices.Backward(c.coefficients) {
			sum = sum*xi + of[k]
		}
		return sum
	}
	same := func(name string, c curve, f func(v float64) float64) {
		t.Helper()
		worst := 0.0
		for i := range 4000 {
			v := c.end * math.Pow(float64(i)/4000, 4)
			worst = max(worst, math.Abs(value(c, v)-f(v))/max(1, math.Abs(f(v))))
		}
		if !(worst < 1e-11) {
			t.Errorf("%s: off by %.1e", name, worst)
		}
	}
	same("Φ⁻¹", fromShareCurve(), func(m float64) float64 { y, _ := unit.Forward(math.Exp(-m) / 2); return -y })
	same("Φ", toShareCurve(), func(y float64) float64 { return -math.Log(2 * unit.Inverse(-y)) })
	for _, freedom := range []float64{0.05, 0.3, 1, 3, 10, 100} {
		c := columns.Column{Kind: columns.Tails, Scale: 1 / math.Sqrt(freedom), Freedom: freedom}
		same("F of t", fromTailsCurve(freedom), func(s float64) float64 { y, _ := c.Forward(math.Sinh(s)); return y })
		same("F⁻¹ of t", toTailsCurve(freedom), func(y float64) float64 { return math.Asinh(c.Inverse(y)) })
	}
}
