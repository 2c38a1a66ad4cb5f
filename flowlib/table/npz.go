package table

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"normflow/internal/nearest"
	"normflow/internal/npz"
	"normflow/internal/show"
)

// arraysSource puts arrays of the same length side by side: the one of an NPY, or those
// of an NPZ.
type arraysSource struct {
	in      *input
	name    string
	columns []Column
	arrays  []*array
	start   []int // first column of each array

	wanted [][]int // columns of each array to read
	place  [][]int // destination of each: below features a number, then text
	row    int64
}

// newArrays names the columns. Those of a sole array are c1, c2, …; otherwise an array X
// is called X if it has one axis, and its columns X1, X2, … if it has two.
func newArrays(in *input, format string, names []string, arrays []*array) *arraysSource {
	s := &arraysSource{in: in, name: format, arrays: arrays}
	for k, a := range arrays {
		s.start = append(s.start, len(s.columns))
		for j := range a.columns {
			c := Column{Name: names[k] + strconv.Itoa(j+1)}
			switch {
			case a.oneAxis && names[k] != "":
				c.Name = names[k]
			case len(arrays) == 1:
				c.Name = "c" + strconv.Itoa(j+1)
			}
			if a.note != "" {
				c.Kind, c.note, c.remedy = Other, a.note, a.remedy
			}
			s.columns = append(s.columns, c)
		}
	}
	return s
}

// openNPZ opens the arrays of a zip file that o asks for.
func openNPZ(in *input, z *zip.Reader, o Options) (source, error) {
	if err := npz.CheckMembers(z, in.size, maxColumns); err != nil {
		return nil, err
	}
	wanted, room := o.Array, allowanceFor(in, o, "save it with numpy.savez, or fewer arrays")
	var found, shapes, names []string
	var arrays []*array
	total, rows, other := 0, int64(0), int64(0) // rows of arrays of numbers, and of others
	var out error                               // why the first is left out that has no rows
	for _, f := range z.File {
		name, isArray := strings.CutSuffix(f.Name, ".npy")
		if !isArray {
			continue
		}
		found = append(found, name)
		if wanted != "" && name != wanted {
			continue
		}
		a, err := openMember(in, f, room)
		var shape shapeError
		var empty emptyError
		switch {
		case err != nil && wanted == "" && (errors.As(err, &shape) || errors.As(err, &empty)): // such as a seed beside the rows
			a = &array{columns: 1, oneAxis: true, note: fmt.Sprintf("an array of shape %v", append([]int(shape), empty...)), remedy: "reshape it to (rows, columns)"}
			if len(empty) > 0 {
				a.remedy = ""
			}
			out = cmp.Or(out, fmt.Errorf("array %s: %w", show.Quoted(name), err))
		case err != nil:
			return nil, fmt.Errorf("array %s: %w", show.Quoted(name), err)
		case a.note != "":
			other = max(other, a.rows)
		default:
			shapes = append(shapes, fmt.Sprintf("%s: %d rows of %d", show.Name(name), a.rows, a.columns))
			rows = max(rows, a.rows)
		}
		if total += a.columns; total > maxColumns {
			return nil, fmt.Errorf("the arrays have more than %d columns", maxColumns)
		}
		names, arrays = append(names, name), append(arrays, a)
	}
	switch {
	case len(found) == 0:
		return nil, errors.New("is a zip file without a NumPy array in it: expected CSV, NPY, NPZ or Parquet; unzip it first")
	case len(arrays) == 0:
		return nil, &Error{Option: OptionArray, Problem: nearest.Unknown("array", wanted, found)}
	}
	if rows = cmp.Or(rows, other); rows == 0 {
		return nil, out
	}
	for _, a := range arrays {
		switch {
		case a.note != "": // it is not read, such as the names of the columns
			a.rows = rows
		case a.rows != rows:
			return nil, &Error{Problem: fmt.Sprintf("the arrays differ in rows (%s)", show.List(shapes)), Remedies: []Remedy{{"choose one", OptionArray, nil}}}
		}
	}
	return newArrays(in, "NPZ", names, arrays), nil
}

const unpacker = 48 << 10 // bytes needed to unpack one member

func openMember(in *input, f *zip.File, room *allowance) (*array, error) {
	if f.Method != zip.Store {
		if err := room.take(unpacker); err != nil {
			return nil, err
		}
	}

	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("the zip file is broken (%w): copy or download it again", err)
	}
	a, header, err := readArray(r)
	if err != nil {
		return nil, err
	}
	if a.note != "" {
		return a, nil
	}
	if want := uint64(header + a.bytes()); f.UncompressedSize64 != want {
		return nil, fmt.Errorf("holds %d bytes, expected %d for %d rows of %d: the file is broken; make it anew", f.UncompressedSize64, want, a.rows, a.columns)
	}
	if !a.fortran {
		return a, nil
	}
	if f.Method == zip.Store {
		offset, err := f.DataOffset()
		if err != nil {
			return nil, err
		}
		a.data = io.NewSectionReader(in.at, offset+header, a.bytes())
		return a, nil
	}
	// A compressed array in column order cannot be read row by row. It has to fit into
	// memory, and a small file may not claim much.
	if most := min(256<<20, 1<<20+200*f.CompressedSize64); uint64(a.bytes()) > most {
		return nil, fmt.Errorf("is compressed and in Fortran order, and its %d bytes are more than the %d that are read so: save it with numpy.savez, or numpy.ascontiguousarray of it", a.bytes(), most)
	}
	if err := room.take(a.bytes()); err != nil {
		return nil, err
	}
	data := make([]byte, a.bytes())
	if _, err = io.ReadFull(r, data); err == nil {
		if _, err = io.ReadFull(r, make([]byte, 1)); err == io.EOF { // this verifies the checksum
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the zip file is broken (%w): copy or download it again", err)
	}
	r.Close() //nolint:errcheck // it was only read
	room.used -= unpacker
	a.data = bytes.NewReader(data)
	return a, nil
}

func (s *arraysSource) all() []Column  { return s.columns }
func (s *arraysSource) unit() string   { return "row" }
func (s *arraysSource) format() string { return s.name }
func (s *arraysSource) rows() int64    { return s.arrays[0].rows }

func (s *arraysSource) close() error {
	for _, a := range s.arrays {
		if member, ok := a.stream.(io.Closer); ok {
			member.Close() //nolint:errcheck // it was only read; its decompressor serves the next file
		}
	}
	return s.in.Close()
}

func (s *arraysSource) begin(numbers, texts []int) error {
	s.wanted, s.place = make([][]int, len(s.arrays)), make([][]int, len(s.arrays))
	for to, column := range append(append([]int{}, numbers...), texts...) {
		k := len(s.start) - 1
		for s.start[k] > column {
			k--
		}
		s.wanted[k] = append(s.wanted[k], column-s.start[k])
		s.place[k] = append(s.place[k], to)
	}
	return nil
}

func (s *arraysSource) fill(c *Chunk, n int) error {
	before := c.Len()
	d, kept := c.features, c.kept
	n = min(n, max(1, 1<<20/(8*len(s.columns))), int(min(s.rows()-s.row, math.MaxInt32)))
	c.Values = extend(c.Values, n*d)
	c.text = extend(c.text, n*kept)
	got, end := n, error(nil)
	for k, a := range s.arrays {
		if len(s.wanted[k]) == 0 {
			continue
		}
		place := s.place[k]
		rows, err := a.read(n, s.wanted[k], func(i, j int, element []byte) {
			if to := place[j]; to < d {
				c.Values[(before+i)*d+to] = a.decode(element)
			} else {
				c.text[(before+i)*kept+to-d] = a.text(element)
			}
		})
		if rows < got || end == nil {
			got, end = min(got, rows), err
		}
	}
	for i := range got {
		c.Lines = append(c.Lines, s.row+int64(i)+1)
	}
	s.row += int64(got)
	c.cut(before + got)
	return end
}

// extend appends n zero elements to s.
func extend[T any](s []T, n int) []T {
	var zero T
	for range n {
		s = append(s, zero)
	}
	return s
}
