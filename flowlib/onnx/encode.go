package onnx

import (
	"errors"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"normflow/flowlib/flow"
)

// The versions of ONNX in the files. Runtimes since 2022 read them.
const (
	opset     = 17
	irVersion = 8
)

// message is a protobuf message that is written field by field. The field numbers are
// from onnx.proto and never change. Generated code would be a hundred times longer.
type message []byte

func (m *message) bytes(field protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
}

func (m *message) string(field protowire.Number, s string) { m.bytes(field, []byte(s)) }

func (m *message) int(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

// encode returns the file of a graph, a ModelProto.
func (g *graph) encode(name string, about map[string]string) ([]byte, error) {
	g.prune()
	var body message
	for _, n := range g.nodes {
		body.bytes(1, n.encode())
	}
	body.string(2, name)
	for _, c := range g.constants {
		body.bytes(5, c.encode())
	}
	for _, in := range g.inputs {
		body.bytes(11, in.encode())
	}
	for _, out := range g.outputs {
		body.bytes(12, out.encode())
	}
	var set message // OperatorSetIdProto of the standard operators
	set.string(1, "")
	set.int(2, opset)

	var model message
	model.int(1, irVersion)
	model.string(2, "normflow")
	model.string(3, flow.Library())
	model.bytes(7, body)
	model.bytes(8, set)
	for _, key := range slices.Sorted(maps.Keys(about)) {
		var entry message // StringStringEntryProto
		entry.string(1, key)
		entry.string(2, about[key])
		model.bytes(14, entry)
	}
	if len(model) > math.MaxInt32 {
		return nil, errors.New("the file would have more than 2 GB, which no protobuf may")
	}
	return model, nil
}

// encode returns a NodeProto.
func (n node) encode() (m message) {
	for _, in := range n.in {
		m.string(1, in)
	}
	m.string(2, n.out)
	m.string(4, n.op)
	for _, a := range n.attributes {
		const oneInt, manyInts = 2, 7 // AttributeType
		var b message
		b.string(1, a.name)
		if a.list {
			for _, v := range a.ints {
				b.int(8, v)
			}
			b.int(20, manyInts)
		} else {
			b.int(3, a.ints[0])
			b.int(20, oneInt)
		}
		m.bytes(5, b)
	}
	return m
}

// encode returns a TensorProto.
func (c constant) encode() (m message) {
	for _, d := range c.shape {
		m.int(1, int64(d))
	}
	m.int(2, int64(c.kind))
	m.string(8, c.name)
	m.bytes(9, c.raw)
	return m
}

// encode returns a ValueInfoProto.
func (p port) encode() (m message) {
	var n, shape, tensor, of message // a dimension, TensorShapeProto, TypeProto.Tensor, TypeProto
	n.string(2, "N")
	shape.bytes(1, n)
	if p.width > 0 {
		var width message
		width.int(1, int64(p.width))
		shape.bytes(1, width)
	}
	tensor.int(1, int64(p.kind))
	tensor.bytes(2, shape)
	of.bytes(1, tensor)
	m.string(1, p.name)
	m.bytes(2, of)
	m.string(3, p.about)
	return m
}
