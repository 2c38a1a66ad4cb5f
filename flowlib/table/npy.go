package table

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"normflow/internal/npz"
	"normflow/internal/show"
)

// array is one NPY array of one or two axes, open for reading.
type array struct {
	rows    int64
	columns int // 1 for an array of one axis
	oneAxis bool
	fortran bool
	size    int // bytes of an element
	decode  func(b []byte) float64
	text    func(b []byte) string
	note    string // why it does not hold numbers; "" if it does
	remedy  string // what NumPy can do about it

	stream io.Reader   // the data in C order
	data   io.ReaderAt // the data in Fortran order
	next   int64       // row
	buf    []byte
}

// shapeError is the shape of an array that is no table.
type shapeError []int

func (e shapeError) Error() string {
	return fmt.Sprintf("the array has shape %v, expected one of two axes, (rows, columns): reshape it", []int(e))
}

// emptyError is the shape of an array without elements.
type emptyError []int

func (e emptyError) Error() string {
	return fmt.Sprintf("the array has shape %v: it holds no numbers", []int(e))
}

// readArray reads the header at the start of r. It takes little memory, whatever the
// header claims.
func readArray(r io.Reader) (*array, int64, error) {
	const most = 1 << 16 // bytes of a header; longer ones hold names of fields
	h, header, err := npz.ReadHeader(r, most)
	if err != nil {
		return nil, 0, err
	}
	a := &array{fortran: h.Descr.Fortran, stream: r}
	shape := h.Descr.Shape
	switch len(shape) {
	case 1:
		a.rows, a.columns, a.oneAxis = int64(shape[0]), 1, true
	case 2:
		a.rows, a.columns = int64(shape[0]), shape[1]
	default:
		return nil, 0, shapeError(shape)
	}
	if a.rows < 0 || a.columns < 0 {
		return nil, 0, fmt.Errorf("the array has shape %v: the file is broken", shape)
	}
	if a.rows == 0 || a.columns == 0 {
		return nil, 0, emptyError(shape)
	}
	if a.columns > maxColumns {
		return nil, 0, fmt.Errorf("the array has shape %v, expected at most %d columns: is it (columns, rows)? Transpose it", shape, maxColumns)
	}
	a.element(h.Descr.Type)
	if a.rows > math.MaxInt64/int64(a.columns)/int64(a.size) {
		return nil, 0, fmt.Errorf("the array has shape %v, which no file can hold: the file is broken", shape)
	}
	if a.columns == 1 || a.rows == 1 {
		a.fortran = false // a vector is the same in both orders
	}
	return a, int64(header), nil
}

// element sets size and decode by NumPy's name of a type, such as <f8. Source:
// https://numpy.org/doc/stable/reference/arrays.interface.html.
func (a *array) element(name string) {
	a.size, a.decode = 1, func([]byte) float64 { return math.NaN() }
	if len(name) < 3 || !strings.Contains("<>|=", name[:1]) {
		a.note, a.remedy = "objects ("+quote(name)+")", "save a.astype(float)"
		if fields := fieldsOfRecords(name); len(fields) > 0 {
			a.note = "records with the fields " + show.Names(fields)
			a.remedy = "save numpy.lib.recfunctions.structured_to_unstructured(a), a column for each field"
		}
		return
	}
	var order binary.ByteOrder = binary.LittleEndian
	if name[0] == '>' {
		order = binary.BigEndian
	}
	decoders := map[string]func(b []byte) float64{
		"b1": func(b []byte) float64 { return float64(min(b[0], 1)) },
		"i1": func(b []byte) float64 { return float64(int8(b[0])) },
		"u1": func(b []byte) float64 { return float64(b[0]) },
		"i2": func(b []byte) float64 { return float64(int16(order.Uint16(b))) },
		"u2": func(b []byte) float64 { return float64(order.Uint16(b)) },
		"f2": func(b []byte) float64 { return fromHalf(order.Uint16(b)) },
		"i4": func(b []byte) float64 { return float64(int32(order.Uint32(b))) },
		"u4": func(b []byte) float64 { return float64(order.Uint32(b)) },
		"f4": func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) },
		"i8": func(b []byte) float64 { return float64(int64(order.Uint64(b))) },
		"u8": func(b []byte) float64 { return float64(order.Uint64(b)) },
		"f8": func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) },
	}
	decode, ok := decoders[name[1:]]
	if !ok {
		a.note = "no real numbers (NumPy's type " + quote(name) + ")"
		return
	}
	a.decode = decode
	a.size, _ = strconv.Atoi(name[2:])
	switch name[1:] {
	case "i8": // a float64 would lose digits
		a.text = func(b []byte) string { return strconv.FormatInt(int64(order.Uint64(b)), 10) }
	case "u8":
		a.text = func(b []byte) string { return strconv.FormatUint(order.Uint64(b), 10) }
	case "f4":
		a.text = func(b []byte) string { return FormatNumber(decode(b), 32) }
	default:
		a.text = func(b []byte) string { return FormatNumber(decode(b), 64) }
	}
}

var recordField = regexp.MustCompile(`\('((?:[^'\\]|\\.)*)',`)

// fieldsOfRecords returns the names in the type of a structured array, such as [('x',
// '<f8'), ('y', '<i4')]; none for another type.
func fieldsOfRecords(name string) (fields []string) {
	for _, found := range recordField.FindAllStringSubmatch(name, -1) {
		fields = append(fields, found[1])
	}
	return fields
}

// bytes returns the size of the data.
func (a *array) bytes() int64 { return a.rows * int64(a.columns) * int64(a.size) }

// read calls put with row, column and element of the next rows, at most n, for the wanted
// columns. It returns the number of complete rows.
func (a *array) read(n int, wanted []int, put func(i, j int, element []byte)) (int, error) {
	n = int(min(int64(n), a.rows-a.next))
	if n == 0 {
		return 0, a.end()
	}
	got, err := a.readOrdered(n, wanted, put)
	a.next += int64(got)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("ends in row %d of %d: it was cut off; copy or download it again", a.next+1, a.rows)
	}
	return got, err
}

// end returns io.EOF after the last row, or what is wrong there: a zip file's checksum is
// verified only once its member has been read to the end.
func (a *array) end() error {
	if a.fortran {
		return io.EOF
	}
	switch k, err := io.ReadFull(a.stream, make([]byte, 1)); {
	case k > 0:
		return fmt.Errorf("goes on after the array of %d rows of %d: it is broken, or holds several arrays; save one", a.rows, a.columns)
	case err == io.EOF:
		return err
	default:
		return fmt.Errorf("is damaged (%w): copy or download it again", err)
	}
}

func (a *array) readOrdered(n int, wanted []int, put func(i, j int, element []byte)) (int, error) {
	if a.fortran {
		a.grow(n * a.size)
		for j, column := range wanted {
			offset := (int64(column)*a.rows + a.next) * int64(a.size)
			if k, err := a.data.ReadAt(a.buf, offset); k < len(a.buf) {
				return 0, err
			}
			for i := range n {
				put(i, j, a.buf[i*a.size:])
			}
		}
		return n, nil
	}
	width := a.columns * a.size
	a.grow(n * width)
	k, err := io.ReadFull(a.stream, a.buf)
	got := k / width
	for i := range got {
		for j, column := range wanted {
			put(i, j, a.buf[i*width+column*a.size:])
		}
	}
	return got, err
}

func (a *array) grow(n int) {
	if cap(a.buf) < n {
		a.buf = make([]byte, n)
	}
	a.buf = a.buf[:n]
}

// newNPY opens an NPY file, or a pipe that delivers one in C order.
func newNPY(in *input, r *bufio.Reader) (source, error) {
	a, header, err := readArray(r)
	if err != nil {
		return nil, err
	}
	if in.at != nil {
		if got := in.size - header; got < a.bytes() && a.note == "" {
			return nil, fmt.Errorf("holds %d bytes of data, expected %d for %d rows of %d: it was cut off; copy or download it again", got, a.bytes(), a.rows, a.columns)
		} else if got > a.bytes() && a.note == "" {
			return nil, fmt.Errorf("holds %d bytes after the array of %d rows of %d: it is broken, or holds several arrays; save one", got-a.bytes(), a.rows, a.columns)
		}
		a.data = io.NewSectionReader(in.at, header, in.size-header)
	} else if a.fortran {
		return nil, errors.New("is in Fortran order, which cannot be read from a pipe: give the file's name, or save numpy.ascontiguousarray of it")
	}
	return newArrays(in, "NPY", []string{""}, []*array{a}), nil
}
