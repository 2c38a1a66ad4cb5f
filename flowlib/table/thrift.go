package table

import (
	"encoding/binary"
	"errors"
)

var errThrift = errors.New("its metadata is broken")

// checkThrift walks over one struct of Thrift's compact protocol at the start of b and
// returns its length, or an error if a length or count in it does not fit into b. The
// decoder allocates what such a count claims. This function allocates nothing, and
// returns how much memory the elements of all lists would take, by their sizes in lists.
// Source:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
func checkThrift(b []byte, lists thriftLists) (length int, memory int64, err error) {
	w := thriftWalker{b: b}
	w.structure(0, lists)
	if w.broken {
		return 0, 0, errThrift
	}
	return w.at, w.memory, nil
}

// thriftLists are the lists among a struct's fields, by field number, whose elements are
// not of the size of otherElement.
type thriftLists map[int16]thriftElement

type thriftElement struct {
	size  int64       // in bytes, decoded
	lists thriftLists // lists inside it
}

// otherElement is what an element of any other list is assumed to take.
var otherElement = thriftElement{size: 32}

type thriftWalker struct {
	b      []byte
	at     int
	memory int64
	broken bool
}

const (
	thriftTrue, thriftFalse, thriftByte   = 1, 2, 3
	thriftInt16, thriftInt32, thriftInt64 = 4, 5, 6
	thriftDouble, thriftBinary            = 7, 8
	thriftList, thriftSet, thriftMap      = 9, 10, 11
	thriftStruct                          = 12
)

func (w *thriftWalker) skip(n uint64) {
	if n > uint64(len(w.b)-w.at) {
		w.broken = true
		return
	}
	w.at += int(n)
}

func (w *thriftWalker) byte() byte {
	w.skip(1)
	if w.broken {
		return 0
	}
	return w.b[w.at-1]
}

func (w *thriftWalker) varint() uint64 {
	v, n := binary.Uvarint(w.b[w.at:])
	if n <= 0 {
		w.broken = true
		return 0
	}
	w.at += n
	return v
}

func (w *thriftWalker) structure(depth int, lists thriftLists) {
	field := int16(0)
	for !w.broken {
		b := w.byte()
		if b == 0 {
			return
		}
		field += int16(b >> 4)
		if b>>4 == 0 { // the field's number follows
			v := w.varint()
			field = int16(v>>1) ^ -int16(v&1)
		}
		if b&15 != thriftTrue && b&15 != thriftFalse { // the type of a boolean is its value
			element, ok := lists[field]
			if !ok {
				element = otherElement
			}
			w.value(b&15, depth, element)
		}
	}
}

// value walks over a value; if it is a list, over its elements.
func (w *thriftWalker) value(kind byte, depth int, element thriftElement) {
	const deepest = 32
	if depth > deepest {
		w.broken = true
	}
	if w.broken {
		return
	}
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		w.skip(1)
	case thriftInt16, thriftInt32, thriftInt64:
		w.varint()
	case thriftDouble:
		w.skip(8)
	case thriftBinary:
		w.skip(w.varint())
	case thriftList, thriftSet:
		b := w.byte()
		n := uint64(b >> 4)
		if n == 15 {
			n = w.varint()
		}
		if n > uint64(len(w.b)-w.at) { // each takes at least a byte
			w.broken = true
			return
		}
		w.memory += int64(n) * element.size
		for ; n > 0 && !w.broken; n-- {
			if b&15 == thriftStruct {
				w.structure(depth+1, element.lists)
			} else {
				w.value(b&15, depth+1, otherElement)
			}
		}
	case thriftMap:
		n := w.varint()
		if n == 0 || w.broken {
			return
		}
		kinds := w.byte()
		for ; n > 0 && !w.broken; n-- {
			w.value(kinds>>4, depth+1, otherElement)
			w.value(kinds&15, depth+1, otherElement)
		}
	case thriftStruct:
		w.structure(depth+1, nil)
	default:
		w.broken = true
	}
}
