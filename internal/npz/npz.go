// Package npz reads and writes NumPy's NPZ format: a zip file of named arrays, each
// in NPY format. Nothing of it is executed: arrays of objects are refused.
//
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/sbinet/npyio/npy"
)

// Array is one named array in C order, little-endian.
type Array struct {
	Name  string
	DType string // as NumPy writes it: "<f4", "<f8", or "|S9" for 9 bytes
	Shape []int  // empty for a single element
	Data  []byte
}

// Write writes the arrays to w, as numpy.savez does: without compression.
func Write(w io.Writer, arrays []Array) error {
	z := zip.NewWriter(w)
	for _, a := range arrays {
		member, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		for _, b := range [][]byte{prelude(a), a.Data} {
			if _, err := member.Write(b); err != nil {
				return err
			}
		}
	}
	return z.Close()
}

// prelude is all that stands before the numbers, a multiple of 64 bytes.
func prelude(a Array) []byte {
	shape := "("
	for _, dim := range a.Shape {
		shape += strconv.Itoa(dim) + ","
		if len(a.Shape) > 1 {
			shape += " "
		}
	}
	if len(a.Shape) > 1 {
		shape = strings.TrimSuffix(shape, ", ") // (2, 3), but (2,)
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s), }", a.DType, shape)
	length := (10+len(dict)+1+63)/64*64 - 10
	b := append([]byte(magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	return append(b, fmt.Sprintf("%-*s\n", length-1, dict)...)
}

const magic = "\x93NUMPY"

// Read reads all arrays of a file of the given size. It takes no more memory than
// they have bytes, and refuses those that have not what their headers say, and types
// that [Array] does not name.
func Read(in io.ReaderAt, size int64) ([]Array, error) {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return nil, fmt.Errorf("it is no NPZ file (%w)", err)
	}
	var arrays []Array
	names := map[string]bool{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok || names[name] {
			return nil, fmt.Errorf("member %q: expected arrays only, each once, with names that end in .npy", f.Name)
		}
		names[name] = true
		a, err := readMember(f)
		if err != nil {
			return nil, fmt.Errorf("array %q: %w", name, err)
		}
		a.Name = name
		arrays = append(arrays, a)
	}
	return arrays, nil
}

func readMember(f *zip.File) (a Array, err error) {
	r, err := f.Open()
	if err != nil {
		return a, err
	}
	defer r.Close()
	h, err := readHeader(r)
	if err != nil {
		return a, err
	}
	a = Array{DType: h.Descr.Type, Shape: append([]int{}, h.Descr.Shape...)}
	want := int64(0)
	switch number, isBytes := strings.CutPrefix(a.DType, "|S"); {
	case a.DType == "<f4":
		want = 4
	case a.DType == "<f8":
		want = 8
	case isBytes:
		if want, err = strconv.ParseInt(number, 10, 32); err != nil {
			return a, fmt.Errorf("unknown type %q", a.DType)
		}
	default:
		return a, fmt.Errorf("its type is %q, expected <f4 or <f8: save float32 or float64", a.DType)
	}
	if h.Descr.Fortran && len(a.Shape) > 1 {
		return a, fmt.Errorf("it is in Fortran order: save numpy.ascontiguousarray of it")
	}
	for _, dim := range a.Shape {
		if dim < 0 || dim > 0 && want > math.MaxInt64/int64(dim) {
			return a, fmt.Errorf("its shape is %v, which no file can hold", a.Shape)
		}
		want *= int64(dim)
	}
	// The buffer grows with what there is, not with what is claimed.
	if a.Data, err = io.ReadAll(io.LimitReader(r, want)); err != nil {
		return a, err
	}
	if _, err := io.CopyN(io.Discard, r, 1); int64(len(a.Data)) != want || err != io.EOF {
		return a, fmt.Errorf("it has not the %d bytes of its shape %v: the file is cut off or broken", want, a.Shape)
	}
	return a, nil
}

// readHeader has npyio parse a header of a size that is checked.
func readHeader(r io.Reader) (h npy.Header, err error) {
	const most = 1 << 12
	b := make([]byte, 10)
	if _, err := io.ReadFull(r, b); err != nil || string(b[:6]) != magic || b[6] != 1 {
		return h, fmt.Errorf("it is no NPY array of version 1")
	}
	length := int(binary.LittleEndian.Uint16(b[8:]))
	if length > most {
		return h, fmt.Errorf("its header claims %d bytes, expected at most %d", length, most)
	}
	b = append(b, make([]byte, length)...)
	if _, err := io.ReadFull(r, b[10:]); err != nil {
		return h, fmt.Errorf("it ends inside its header")
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its header is broken (%v)", p)
		}
	}()
	reader, err := npy.NewReader(bytes.NewReader(b))
	if err != nil {
		return h, fmt.Errorf("its header is not understood: %w", err)
	}
	return reader.Header, nil
}
