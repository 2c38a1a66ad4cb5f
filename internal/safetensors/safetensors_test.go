package safetensors

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.safetensors")
	want := File{
		Metadata: map[string]string{"k": "v"},
		Tensors: []Tensor{
			{"scalar", "I64", []int{}, make([]byte, 8)},
			{"b", "F32", []int{2, 1}, []byte{1, 2, 3, 4, 5, 6, 7, 8}},
			{"empty", "F32", []int{0}, []byte{}},
		},
	}
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadRefusesBrokenFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(header string, data int) []byte {
		b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		return append(append(b, header...), make([]byte, data)...)
	}
	tests := []struct {
		name, want string
		content    []byte
	}{
		{"empty", "too short", nil},
		{"huge header", "claims", binary.LittleEndian.AppendUint64(nil, 1<<62)},
		{"not JSON", "not JSON", file("hello", 0)},
		{"truncated", "does not fit", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4)},
		{"huge shape", "does not fit", file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0)},
		{"negative shape", "does not fit", file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}`, 0)},
		{"unknown dtype", "unknown dtype", file(`{"a":{"dtype":"PICKLE","shape":[1],"data_offsets":[0,4]}}`, 4)},
		{"overlap", "starts at byte", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4)},
		{"trailing bytes", "the file at", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 9)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, "f")
			if err := os.WriteFile(path, tt.content, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with the path and %q", err, tt.want)
			}
		})
	}
}
