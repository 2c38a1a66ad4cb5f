package table

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"normflow/internal/memory/memorytest"
)

func TestCheckThrift(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    []byte
		want int // length, -1: refused
	}{
		{"empty struct", []byte{0, 9}, 1},
		{"an int, a true, a text", []byte{0x15, 0x80, 1, 0x11, 0x18, 2, 'h', 'i', 0}, 9},
		{"a list of two structs", []byte{0x19, 0x2c, 0, 0x15, 2, 0, 0}, 7},
		{"a map", []byte{0x1b, 1, 0x58, 2, 1, 'x', 0}, 7},
		{"a double and a far field", []byte{0x07, 200, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0}, 12},
		{"a text of 2³¹ bytes", []byte{0x18, 0x80, 0x80, 0x80, 0x80, 8, 0}, -1},
		{"a list of 2³² bytes", []byte{0x19, 0xf3, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}, -1},
		{"no end", []byte{0x15, 2}, -1},
		{"no such type", []byte{0x1d, 0}, -1},
		{"more structs than bytes", []byte{0x19, 0xfc, 7, 0, 0, 0}, -1},
		{"too deep", append(bytes.Repeat([]byte{0x1c}, 100), make([]byte, 101)...), -1},
	} {
		n, _, err := checkThrift(tt.b, nil)
		if err == nil && n != tt.want || err != nil && tt.want >= 0 {
			t.Errorf("%s: got %d, %v", tt.name, n, err)
		}
	}
}

// What a list takes once it is decoded is reckoned by what it holds.
func TestThriftMemory(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    []byte
		want int64
	}{
		{"a list of two columns", []byte{0x29, 0x2c, 0, 0, 0}, 2 * footerLists[2].size},
		{"by a number that is written out", []byte{0x09, 4, 0x2c, 0, 0, 0}, 2 * footerLists[2].size},
		{"a row group of three columns", []byte{0x49, 0x1c, 0x19, 0x3c, 0, 0, 0, 0, 0}, footerLists[4].size + 3*footerLists[4].lists[1].size},
		{"other lists", []byte{0x19, 0x2c, 0, 0, 0x49, 0x35, 1, 2, 3, 0}, 5 * otherElement.size},
		{"none", []byte{0x15, 2, 0}, 0},
	} {
		if _, got, err := checkThrift(tt.b, footerLists); err != nil || got != tt.want {
			t.Errorf("%s: got %d, %v, want %d", tt.name, got, err, tt.want)
		}
	}
}

// No list but those of footerLists has elements larger than what is reckoned for them.
func TestFooterListsAreKnown(t *testing.T) {
	var look func(reflect.Type)
	seen := map[reflect.Type]bool{}
	look = func(kind reflect.Type) {
		if seen[kind] {
			return
		}
		seen[kind] = true
		switch kind.Kind() {
		case reflect.Struct:
			for i := range kind.NumField() {
				look(kind.Field(i).Type)
			}
		case reflect.Pointer:
			look(kind.Elem())
		case reflect.Slice:
			look(kind.Elem())
			known := kind.Elem() == reflect.TypeFor[format.SchemaElement]() || kind.Elem() == reflect.TypeFor[format.RowGroup]() || kind.Elem() == reflect.TypeFor[format.ColumnChunk]()
			if !known && int64(kind.Elem().Size()) > otherElement.size {
				t.Errorf("the elements of %v have %d bytes", kind, kind.Elem().Size())
			}
		}
	}
	look(reflect.TypeFor[format.FileMetaData]())
}

func FuzzThrift(f *testing.F) {
	f.Add([]byte{0x15, 2, 0x19, 0x1c, 0x15, 4, 0, 0})
	f.Add([]byte{0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		defer memorytest.Watch(t, 1<<20)()
		if n, _, err := checkThrift(b, footerLists); err == nil && (n <= 0 || n > len(b) || b[n-1] != 0) {
			t.Fatalf("a struct of %d bytes in %x", n, b)
		}
	})
}
