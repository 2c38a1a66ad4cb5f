package safetensors

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"reflect"
	"testing"

	"normflow/internal/memory/memorytest"
)

// FuzzDecode reads hostile files. That may not panic nor take more memory than the
// file has bytes, many times, and what it takes for a file is written and read back
// the same.
func FuzzDecode(f *testing.F) {
	file := func(header string, data int) []byte {
		b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		return append(append(b, header...), make([]byte, data)...)
	}
	f.Add(file(`{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}`, 16))
	f.Add(file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0))
	f.Add(file(`{"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}}`, 0))
	f.Add(file(`{"__metadata__":null,"":{"dtype":"BOOL","shape":null}}`, 1))
	f.Add(binary.LittleEndian.AppendUint64(nil, 1<<62))
	f.Fuzz(func(t *testing.T, b []byte) {
		end := memorytest.Watch(t, 8<<20+100*len(b))
		got, err := Decode(bytes.NewReader(b), int64(len(b)))
		end()
		if err != nil {
			return
		}
		size := 0
		for _, tensor := range got.Tensors {
			size += len(tensor.Data)
		}
		if size > len(b) {
			t.Fatalf("%d bytes of file hold %d of data", len(b), size)
		}
		path := filepath.Join(t.TempDir(), "again")
		if err := Write(path, got); err != nil {
			t.Fatal(err)
		}
		again, err := Read(path)
		if err != nil {
			t.Fatalf("written again, it is refused: %v", err)
		}
		for i := range got.Tensors { // an axis list of null is none
			got.Tensors[i].Shape = append([]int{}, got.Tensors[i].Shape...)
		}
		if len(got.Metadata)+len(again.Metadata) > 0 && !reflect.DeepEqual(got.Metadata, again.Metadata) || !sameTensors(got.Tensors, again.Tensors) {
			t.Fatalf("got %+v, written again %+v", got, again)
		}
	})
}

// sameTensors takes them by name: empty ones may change their places.
func sameTensors(a, b []Tensor) bool {
	byName := map[string]Tensor{}
	for _, t := range a {
		byName[t.Name] = t
	}
	for _, t := range b {
		if !reflect.DeepEqual(byName[t.Name], t) {
			return false
		}
	}
	return len(a) == len(b) && len(byName) == len(a)
}
