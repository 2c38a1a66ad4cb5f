// Package safetensors reads and writes the safetensors format: named arrays behind a JSON
// header, with nothing executable.
//
// Layout: 8 bytes little-endian length of the header; the header, a JSON object name ->
// {"dtype", "shape", "data_offsets"}, with "__metadata__" for strings; then the data.
// Source: https://huggingface.co/docs/safetensors.
package safetensors

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"normflow/internal/show"
	"normflow/internal/whole"
)

// Tensor is one named array, row-major, little-endian.
type Tensor struct {
	Name  string
	DType string // "F32", "F64", "I32", "I64", "U64", …
	Shape []int
	Data  []byte
}

// File is the contents of a safetensors file.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor
}

var elementSize = map[string]int{"F32": 4, "F64": 8, "I32": 4, "I64": 8, "U32": 4, "U64": 8, "BOOL": 1}

// maxHeader bounds the memory that a corrupt length can claim.
const maxHeader = 16 << 20

type entry struct {
	name    string
	DType   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// Write writes f to path, atomically: path always holds either the old file or the whole
// new one.
func Write(path string, f File) error {
	header := map[string]any{"__metadata__": f.Metadata}
	var offset uint64
	for _, t := range f.Tensors {
		end := offset + uint64(len(t.Data))
		header[t.Name] = entry{t.Name, t.DType, append([]int{}, t.Shape...), [2]uint64{offset, end}}
		offset = end
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	for len(text)%8 != 0 { // aligns the data
		text = append(text, ' ')
	}
	out, err := whole.Create(path)
	if err != nil {
		return fmt.Errorf("safetensors: writing %s: %w", show.Path(path), err)
	}
	defer out.Abort()
	if err := binary.Write(out, binary.LittleEndian, uint64(len(text))); err != nil {
		return fmt.Errorf("safetensors: writing %s: %w", show.Path(path), err)
	}
	chunks := [][]byte{text}
	for _, t := range f.Tensors {
		chunks = append(chunks, t.Data)
	}
	for _, chunk := range chunks {
		if _, err := out.Write(chunk); err != nil {
			return fmt.Errorf("safetensors: writing %s: %w", show.Path(path), err)
		}
	}
	if err := out.Commit(); err != nil {
		return fmt.Errorf("safetensors: writing %s: %w", show.Path(path), err)
	}
	return nil
}

// Read reads the file at path. The error names the file and what does not fit.
func Read(path string) (File, error) {
	f, err := read(path)
	if err != nil {
		return File{}, fmt.Errorf("safetensors: %s: %w", show.Path(path), err)
	}
	return f, nil
}

func read(path string) (File, error) {
	in, size, err := whole.Open(path)
	if err != nil {
		return File{}, err
	}
	defer in.Close()
	return Decode(in, size)
}

// Decode reads a file of the given size in bytes from beginning to end. It checks every
// size against the file's own before it takes memory, and that the data are covered
// exactly once.
func Decode(in io.Reader, size int64) (File, error) {
	f, entries, err := decodeHeader(in, size)
	if err != nil {
		return File{}, err
	}
	for _, e := range entries {
		data := make([]byte, e.Offsets[1]-e.Offsets[0])
		if _, err := io.ReadFull(in, data); err != nil {
			return File{}, fmt.Errorf("tensor %s: %w", show.Quoted(e.name), err)
		}
		f.Tensors = append(f.Tensors, Tensor{Name: e.name, DType: e.DType, Shape: e.Shape, Data: data})
	}
	return f, nil
}

// decodeHeader returns the metadata, and the entries in the order of their data.
func decodeHeader(in io.Reader, size int64) (f File, entries []entry, err error) {
	var length uint64
	if err := binary.Read(in, binary.LittleEndian, &length); err != nil {
		return f, nil, fmt.Errorf("the file is too short to hold a header (%d bytes)", size)
	}
	if length > maxHeader || 8+length > uint64(size) {
		return f, nil, fmt.Errorf("the header claims %d bytes, the file has %d", length, size)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return f, nil, err
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(text, &header); err != nil {
		return f, nil, fmt.Errorf("the header is not JSON: %w", show.Error(err))
	}
	f.Metadata = map[string]string{}
	if raw, ok := header["__metadata__"]; ok {
		if err := json.Unmarshal(raw, &f.Metadata); err != nil {
			return f, nil, fmt.Errorf("metadata: %w", show.Error(err))
		}
		delete(header, "__metadata__")
	}
	available := uint64(size) - 8 - length
	for name, raw := range header {
		e := entry{name: name}
		if err := json.Unmarshal(raw, &e); err != nil {
			return f, nil, fmt.Errorf("tensor %s: %w", show.Quoted(name), err)
		}
		if err := e.check(available); err != nil {
			return f, nil, fmt.Errorf("tensor %s: %w", show.Quoted(name), err)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Offsets[0], b.Offsets[0]), cmp.Compare(a.Offsets[1], b.Offsets[1]), strings.Compare(a.name, b.name))
	})
	var offset uint64
	for _, e := range entries {
		if e.Offsets[0] != offset {
			return f, nil, fmt.Errorf("tensor %s starts at byte %d of the data, expected %d", show.Quoted(e.name), e.Offsets[0], offset)
		}
		offset = e.Offsets[1]
	}
	if offset != available {
		return f, nil, fmt.Errorf("the tensors end at byte %d, the file at %d", 8+length+offset, size)
	}
	return f, entries, nil
}

func (e entry) check(available uint64) error {
	element, ok := elementSize[e.DType]
	if !ok {
		return fmt.Errorf("unknown dtype %s", show.Quoted(e.DType))
	}
	want := uint64(element)
	for _, dim := range e.Shape {
		if dim < 0 || uint64(dim) > available {
			return fmt.Errorf("shape %s does not fit a file of %d bytes", show.Value(e.Shape), available)
		}
		if dim != 0 && want > available/uint64(dim) {
			return fmt.Errorf("shape %s does not fit a file of %d bytes", show.Value(e.Shape), available)
		}
		want *= uint64(dim)
	}
	if e.Offsets[0] > e.Offsets[1] || e.Offsets[1] > available || e.Offsets[1]-e.Offsets[0] != want {
		return fmt.Errorf("bytes %s of %d do not hold shape %s of %s", show.Value(e.Offsets), available, show.Value(e.Shape), show.Name(e.DType))
	}
	return nil
}

// Float64 returns a tensor of dtype F64.
func Float64(name string, shape []int, values []float64) Tensor {
	data := make([]byte, 0, 8*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	return Tensor{Name: name, DType: "F64", Shape: shape, Data: data}
}

// Float32 returns a tensor of dtype F32 of values rounded to it.
func Float32(name string, shape []int, values []float64) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
	}
	return Tensor{Name: name, DType: "F32", Shape: shape, Data: data}
}

// Float64s returns the values of a tensor of dtype F32 or F64, and an error for others.
func (t Tensor) Float64s() ([]float64, error) {
	values := []float64{}
	switch t.DType {
	case "F32":
		values = slices.Grow(values, len(t.Data)/4)
		for i := 0; i+4 <= len(t.Data); i += 4 {
			values = append(values, float64(math.Float32frombits(binary.LittleEndian.Uint32(t.Data[i:]))))
		}
	case "F64":
		values = slices.Grow(values, len(t.Data)/8)
		for i := 0; i+8 <= len(t.Data); i += 8 {
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(t.Data[i:])))
		}
	default:
		return nil, fmt.Errorf("tensor %s is %s, expected F32 or F64", show.Quoted(t.Name), show.Name(t.DType))
	}
	return values, nil
}
