// Package npz reads and writes NumPy's NPZ format: a zip file of named arrays, each
// in NPY format. Nothing of it is executed: arrays of objects are refused.
//
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
package npz

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sbinet/npyio/npy"

	"normflow/internal/show"
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

// File is an NPZ whose arrays are known by their headers.
type File struct {
	Arrays  []Array // without Data, but for those that Load has read
	members []*zip.File
	sizes   []int64 // of their data, in bytes
}

// mostMembers is more than any model has.
const mostMembers = 1 << 16

// Open reads the headers of all arrays of a file of the given size, and none of their
// data: a caller who knows what to expect compares it first. Refused are arrays that have
// not what their headers say, or lie on the same bytes, and types that [Array] does not name.
func Open(in io.ReaderAt, size int64) (*File, error) {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return nil, fmt.Errorf("it is no NPZ file (%w)", err)
	}
	if len(z.File) > mostMembers {
		return nil, fmt.Errorf("it has %d members, expected at most %d", len(z.File), mostMembers)
	}
	f := &File{members: z.File}
	names := map[string]bool{}
	var ends [][2]int64
	for _, member := range z.File {
		name, ok := strings.CutSuffix(member.Name, ".npy")
		if !ok || names[name] {
			return nil, fmt.Errorf("member %s: expected arrays only, each once, with names that end in .npy", show.Quoted(member.Name))
		}
		names[name] = true
		offset, err := member.DataOffset()
		if err != nil || member.CompressedSize64 > uint64(size-min(size, offset)) {
			return nil, fmt.Errorf("array %s lies outside the file: it is cut off or broken", show.Quoted(name))
		}
		ends = append(ends, [2]int64{offset, offset + int64(member.CompressedSize64)})
		a, want, err := open(member)
		if err != nil {
			return nil, fmt.Errorf("array %s: %w", show.Quoted(name), err)
		}
		a.Name = name
		f.Arrays, f.sizes = append(f.Arrays, a), append(f.sizes, want)
	}
	slices.SortFunc(ends, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	for i := 1; i < len(ends); i++ {
		if ends[i][0] < ends[i-1][1] {
			return nil, fmt.Errorf("two of its arrays lie on the same bytes: save it anew")
		}
	}
	return f, nil
}

// Load reads the data of array i, as many bytes as its header says.
func (f *File) Load(i int) error {
	a, want := &f.Arrays[i], f.sizes[i]
	r, err := f.members[i].Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := readHeader(r); err != nil {
		return err
	}
	// The buffer grows with what there is, not with what is claimed.
	if a.Data, err = io.ReadAll(io.LimitReader(r, want)); err != nil {
		return fmt.Errorf("array %s: %w", show.Quoted(a.Name), err)
	}
	if _, err := io.CopyN(io.Discard, r, 1); int64(len(a.Data)) != want || err != io.EOF {
		return fmt.Errorf("array %s: it has not the %d bytes of its shape %v: the file is cut off or broken", show.Quoted(a.Name), want, a.Shape)
	}
	return nil
}

// open reads a member's header, and says how many bytes of data it must have.
func open(f *zip.File) (a Array, want int64, err error) {
	r, err := f.Open()
	if err != nil {
		return a, 0, err
	}
	defer r.Close()
	h, err := readHeader(r)
	if err != nil {
		return a, 0, err
	}
	a = Array{DType: h.Descr.Type, Shape: append([]int{}, h.Descr.Shape...)}
	switch number, isBytes := strings.CutPrefix(a.DType, "|S"); {
	case a.DType == "<f4":
		want = 4
	case a.DType == "<f8":
		want = 8
	case isBytes:
		if want, err = strconv.ParseInt(number, 10, 32); err != nil || want < 0 {
			return a, 0, fmt.Errorf("unknown type %s", show.Quoted(a.DType))
		}
	default:
		return a, 0, fmt.Errorf("its type is %s, expected <f4 or <f8: save float32 or float64", show.Quoted(a.DType))
	}
	if h.Descr.Fortran && len(a.Shape) > 1 {
		return a, 0, fmt.Errorf("it is in Fortran order: save numpy.ascontiguousarray of it")
	}
	for _, dim := range a.Shape {
		if dim < 0 || dim > 0 && want > math.MaxInt64/int64(dim) {
			return a, 0, fmt.Errorf("its shape is %v, which no file can hold", a.Shape)
		}
		want *= int64(dim)
	}
	if f.UncompressedSize64 < uint64(want) || f.UncompressedSize64 > uint64(want)+1<<13 {
		return a, 0, fmt.Errorf("it has not the %d bytes of its shape %v: the file is cut off or broken", want, a.Shape)
	}
	return a, want, nil
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
