// Package npz reads and writes NumPy's NPZ format: a zip file of named arrays, each in
// NPY format. It executes nothing: arrays of objects are refused.
//
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
package npz

import (
	"archive/zip"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"normflow/internal/show"
)

// Array is one named array in C order, little-endian.
type Array struct {
	Name  string
	DType string // NumPy's notation: "<f4", "<f8", or "|S9" for 9 bytes
	Shape []int  // empty for a single element
	Data  []byte
}

// Write writes the arrays to w without compression, as numpy.savez does.
func Write(w io.Writer, arrays []Array) error {
	z := zip.NewWriter(w)
	for _, a := range arrays {
		member, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		for _, b := range [][]byte{Prelude(a.DType, tuple(a.Shape)), a.Data} {
			if _, err := member.Write(b); err != nil {
				return err
			}
		}
	}
	return z.Close()
}

// File is an NPZ whose headers have been read.
type File struct {
	Arrays  []Array // without Data until Load reads it
	members []*zip.File
	sizes   []int64 // of their data, in bytes
}

const (
	mostMembers = 1 << 16 // more than any model has
	mostHeader  = 1 << 12 // bytes
)

// Open reads the headers of all arrays of a file of the given size, but no data: a caller
// who knows what to expect can compare first. It refuses arrays that are not as long as
// their headers say, that overlap, or whose type [Array] does not name.
func Open(in io.ReaderAt, size int64) (*File, error) {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return nil, fmt.Errorf("it is no NPZ file (%w)", err)
	}
	if err := CheckMembers(z, size, mostMembers); err != nil {
		return nil, err
	}
	f := &File{members: z.File}
	names := map[string]bool{}
	for _, member := range z.File {
		name, ok := strings.CutSuffix(member.Name, ".npy")
		if !ok || names[name] {
			return nil, fmt.Errorf("member %s: expected arrays only, each once, with names that end in .npy", show.Quoted(member.Name))
		}
		names[name] = true
		a, want, err := open(member)
		if err != nil {
			return nil, fmt.Errorf("array %s: %w", show.Quoted(name), err)
		}
		a.Name = name
		f.Arrays, f.sizes = append(f.Arrays, a), append(f.sizes, want)
	}
	return f, nil
}

// CheckMembers refuses an archive of the given size with more than most members, with a
// member outside it, or with two members on the same bytes, since each would be unpacked.
func CheckMembers(z *zip.Reader, size int64, most int) error {
	if len(z.File) > most {
		return fmt.Errorf("is a zip file of %d members, expected at most %d", len(z.File), most)
	}
	var at [][2]int64
	for _, f := range z.File {
		offset, err := f.DataOffset()
		if err != nil || f.CompressedSize64 > uint64(size-min(offset, size)) {
			return fmt.Errorf("the zip file is broken (a member lies outside it): it was cut off or changed; copy or download it again")
		}
		at = append(at, [2]int64{offset, offset + int64(f.CompressedSize64)})
	}
	slices.SortFunc(at, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	for i := 1; i < len(at); i++ {
		if at[i][0] < at[i-1][1] {
			return fmt.Errorf("the zip file is broken (two members lie on the same bytes): save it anew with numpy.savez")
		}
	}
	return nil
}

// Load reads the data of array i, as many bytes as its header says.
func (f *File) Load(i int) error {
	a, want := &f.Arrays[i], f.sizes[i]
	r, err := f.members[i].Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if _, _, err := ReadHeader(r, mostHeader); err != nil {
		return err
	}
	// The buffer grows with the data that exist, not with what is claimed.
	if a.Data, err = io.ReadAll(io.LimitReader(r, want)); err != nil {
		return fmt.Errorf("array %s: %w", show.Quoted(a.Name), err)
	}
	if _, err := io.CopyN(io.Discard, r, 1); int64(len(a.Data)) != want || err != io.EOF {
		return fmt.Errorf("array %s: it has not the %d bytes of its shape %v: the file is cut off or broken", show.Quoted(a.Name), want, a.Shape)
	}
	return nil
}

// open reads a member's header, and returns how many bytes of data it must have.
func open(f *zip.File) (a Array, want int64, err error) {
	r, err := f.Open()
	if err != nil {
		return a, 0, err
	}
	defer r.Close()
	h, _, err := ReadHeader(r, mostHeader)
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
