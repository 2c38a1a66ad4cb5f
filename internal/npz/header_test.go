package npz

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"testing"
)

// A header says what was written, in all versions, and its length where the data begin.
func TestHeader(t *testing.T) {
	for _, shape := range [][]int{{}, {5}, {1 << 62, 1 << 62}, {2, 3, 4}} {
		one := Prelude("<f8", tuple(shape))
		if len(shape) == 1 || len(shape) == 2 {
			if len(one) != 128 {
				t.Errorf("%v: %d bytes", shape, len(one))
			}
		}
		for version := range byte(3) {
			b := slices.Clone(one)
			if version > 0 {
				b = append([]byte(Magic), version+1, 0)
				b = append(binary.LittleEndian.AppendUint32(b, uint32(len(one)-10)), one[10:]...)
			}
			r := bytes.NewReader(append(b, "data"...))
			h, length, err := ReadHeader(r, 200)
			if err != nil || length != len(b) || h.Descr.Type != "<f8" || h.Descr.Fortran || !slices.Equal(h.Descr.Shape, shape) {
				t.Errorf("version %d, shape %v: %+v, %d bytes of %d, %v", version+1, shape, h, length, len(b), err)
			}
			if rest, _ := io.ReadAll(r); string(rest) != "data" {
				t.Errorf("what follows is %q", rest)
			}
		}
	}
}
