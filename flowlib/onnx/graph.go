package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// kind is the type of a tensor's elements, by its number in onnx.proto.
type kind int64

const (
	float32s kind = 1
	int64s   kind = 7
	bools    kind = 9
	float64s kind = 11
)

// value is a tensor in a graph.
type value struct {
	name string
	kind kind
}

// node is an operator with one output.
type node struct {
	op         string
	in         []string
	out        string
	attributes []attribute
}

// attribute has one integer or several.
type attribute struct {
	name string
	ints []int64
	list bool
}

// constant is a tensor stored in the graph.
type constant struct {
	value
	shape []int
	raw   []byte // little-endian
}

// port is an input or an output of a graph.
type port struct {
	value
	width int // of a row; 0: the tensor is [N]
	about string
}

// graph is a graph under construction. Its nodes are in the order of computation. Its
// methods panic on a programmer's mistake.
type graph struct {
	inputs, outputs []port
	nodes           []node
	constants       []constant
	known           map[string]value // constants by their content
	names           int
}

func newGraph() *graph { return &graph{known: map[string]value{}} }

func (g *graph) fresh(k kind) value {
	g.names++
	return value{"v" + strconv.Itoa(g.names), k}
}

// input adds an input with rows of that width.
func (g *graph) input(name string, width int, about string) value {
	v := value{name, float64s}
	g.inputs = append(g.inputs, port{v, width, about})
	return v
}

// output makes a value, [N] or [N, width], an output of that name.
func (g *graph) output(name string, v value, width int, about string) {
	out := value{name, v.kind}
	g.nodes = append(g.nodes, node{op: "Identity", in: []string{v.name}, out: name})
	g.outputs = append(g.outputs, port{out, width, about})
}

// constant adds a tensor unless the graph has it already.
func (g *graph) constant(k kind, shape []int, raw []byte) value {
	key := fmt.Sprint(k, shape) + string(raw)
	v, ok := g.known[key]
	if !ok {
		v = g.fresh(k)
		g.known[key] = v
		g.constants = append(g.constants, constant{v, slices.Clone(shape), raw})
	}
	return v
}

// floats returns a tensor of numbers, without a shape a scalar.
func (g *graph) floats(k kind, values []float64, shape ...int) value {
	var raw []byte
	for _, v := range values {
		if k == float32s {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v)))
		} else {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
		}
	}
	return g.constant(k, shape, raw)
}

// row returns values as [1, D], which broadcasts over rows.
func (g *graph) row(values []float64) value { return g.floats(float64s, values, 1, len(values)) }

// like returns number as a scalar of the type of v.
func (g *graph) like(v value, number float64) value { return g.floats(v.kind, []float64{number}) }

// ints returns a list of integers.
func (g *graph) ints(values ...int) value {
	return g.constant(int64s, []int{len(values)}, littleEndian(values...))
}

func littleEndian(values ...int) (raw []byte) {
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return raw
}

// op adds a node. Attributes are names, each followed by an int or a []int.
func (g *graph) op(name string, k kind, in []value, attributes ...any) value {
	n := node{op: name, out: g.fresh(k).name}
	for _, v := range in {
		n.in = append(n.in, v.name)
	}
	for i := 0; i < len(attributes); i += 2 {
		a := attribute{name: attributes[i].(string)}
		switch v := attributes[i+1].(type) {
		case int:
			a.ints = []int64{int64(v)}
		case []int:
			a.list = true
			for _, n := range v {
				a.ints = append(a.ints, int64(n))
			}
		}
		n.attributes = append(n.attributes, a)
	}
	g.nodes = append(g.nodes, n)
	return value{n.out, k}
}

// prune removes the nodes and constants that no output needs.
func (g *graph) prune() {
	needed := map[string]bool{}
	for _, out := range g.outputs {
		needed[out.name] = true
	}
	var nodes []node
	for _, n := range slices.Backward(g.nodes) {
		if !needed[n.out] {
			continue
		}
		nodes = append(nodes, n)
		for _, in := range n.in {
			needed[in] = true
		}
	}
	slices.Reverse(nodes)
	g.nodes = nodes
	g.constants = slices.DeleteFunc(g.constants, func(c constant) bool { return !needed[c.name] })
}
