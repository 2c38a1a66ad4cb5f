package npz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sbinet/npyio/npy"

	"normflow/internal/show"
)

// Magic is the beginning of every NPY array.
const Magic = "\x93NUMPY"

// Prelude returns everything before the data of an array in C order, a multiple of 64
// bytes. shape is a tuple in Python's notation. For an array of numbers of one or two
// axes it has 128 bytes, whatever the shape.
func Prelude(dtype, shape string) []byte {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", dtype, shape)
	length := (10+len(dict)+1+63)/64*64 - 10
	b := append([]byte(Magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	return append(b, fmt.Sprintf("%-*s\n", length-1, dict)...)
}

// tuple formats a shape in Python's notation: (), (2,), (2, 3).
func tuple(shape []int) string {
	var dims []string
	for _, dim := range shape {
		dims = append(dims, strconv.Itoa(dim))
	}
	if len(dims) == 1 {
		return "(" + dims[0] + ",)"
	}
	return "(" + strings.Join(dims, ", ") + ")"
}

// ReadHeader reads the header at the start of r, of any version, and returns its length.
// It takes no more memory than most bytes need, whatever the header claims.
func ReadHeader(r io.Reader, most int) (h npy.Header, length int, err error) {
	b := make([]byte, 12)
	if _, err := io.ReadFull(r, b[:10]); err != nil {
		return h, 0, cutOff(err)
	}
	if string(b[:6]) != Magic {
		return h, 0, fmt.Errorf("starts with %q, expected %q: this is no NPY array", b[:6], Magic)
	}
	claimed, prefix := int(binary.LittleEndian.Uint16(b[8:])), 10
	if b[6] != 1 {
		if _, err := io.ReadFull(r, b[10:12]); err != nil {
			return h, 0, cutOff(err)
		}
		claimed, prefix = int(binary.LittleEndian.Uint32(b[8:])), 12
		b[6] = 2 // version 3 differs only in the names of fields
	}
	if claimed > most {
		return h, 0, fmt.Errorf("the NPY header claims %d bytes, expected at most %d: the file is broken", claimed, most)
	}
	header := append(b[:prefix:prefix], make([]byte, claimed)...)
	if _, err := io.ReadFull(r, header[prefix:]); err != nil {
		return h, 0, cutOff(err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("is not a sound NPY file (%s): make it anew", show.Value(p))
		}
	}()
	reader, err := npy.NewReader(bytes.NewReader(header))
	if err != nil {
		return h, 0, fmt.Errorf("the NPY header is not understood (%w): save a plain array of numbers", show.Error(err))
	}
	return reader.Header, len(header), nil
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("ends inside the NPY header: it was cut off; copy or download it again")
	}
	return err
}
