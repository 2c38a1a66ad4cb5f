package npz

import (
	"archive/zip"
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/sbinet/npyio/npz"

	"normflow/internal/memory/memorytest"
)

var some = []Array{
	{"a/b", "<f4", []int{2, 3}, []byte("abcdefghijklmnopqrstuvwx")},
	{"one", "<f8", []int{1}, []byte("12345678")},
	{"scalar", "<f4", []int{}, []byte("1234")},
	{"none", "<f8", []int{0, 3}, []byte{}},
	{"text", "|S5", []int{}, []byte("hello")},
}

func written(t testing.TB, arrays ...Array) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, arrays); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll is what a caller does who expects anything.
func readAll(b []byte) ([]Array, error) {
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	for i := range f.Arrays {
		if err := f.Load(i); err != nil {
			return nil, err
		}
	}
	return f.Arrays, nil
}

func TestRoundTrip(t *testing.T) {
	b := written(t, some...)
	got, err := readAll(b)
	if err != nil || !reflect.DeepEqual(got, some) {
		t.Errorf("got %v, want %v, %v", got, some, err)
	}
	other, err := npz.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if shape := other.Header("a/b.npy").Descr.Shape; !reflect.DeepEqual(shape, []int{2, 3}) {
		t.Errorf("another library reads shape %v", shape)
	}
}

// lapped lets the second of two members lie where the first does.
func lapped(b []byte) []byte {
	entry := bytes.LastIndex(b, []byte("PK\x01\x02"))
	copy(b[entry+42:], []byte{0, 0, 0, 0})
	return b
}

func TestReadRefusesBrokenFiles(t *testing.T) {
	zipped := func(name, content string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for range 1 + strings.Count(name, "twice") {
			w, err := z.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(content)); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	header := func(dtype string, shape ...int) string { return string(Prelude(dtype, tuple(shape))) }
	swap := func(old, new string) string { return strings.Replace(header("<f4", 2, 2), old, new, 1) }
	for want, b := range map[string][]byte{
		"no NPZ":             []byte("hello"),
		"on the same bytes":  lapped(written(t, some[0], some[3])),
		"end in .npy":        zipped("readme.txt", ""),
		"each once":          zipped("twice.npy", header("<f4", 0)),
		"no NPY array":       zipped("a.npy", "hello, world"),
		"ends inside":        zipped("a.npy", header("<f4", 2)[:40]),
		"claims 65535":       zipped("a.npy", Magic+"\x01\x00\xff\xff"),
		"expected <f4":       zipped("a.npy", header("|O", 2)),
		"unknown type":       zipped("a.npy", header("|Sx", 2)),
		"Fortran":            zipped("a.npy", swap("False", "True")+" "),
		"no file can hold":   zipped("a.npy", header("<f4", 1<<40, 1<<40)),
		"[-1 4]":             zipped("a.npy", header("<f4", -1, 4)),
		"has not the 16":     zipped("a.npy", header("<f4", 2, 2)+"123456789012345"),
		"the 16 bytes of":    zipped("a.npy", header("<f4", 2, 2)+"12345678901234567"),
		"the 4000000000000 ": zipped("a.npy", header("<f4", 1000000000000)+"1234"),
		"not a sound NPY":    zipped("a.npy", swap("}", ")")),
	} {
		if _, err := readAll(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, some...))
	f.Add(written(f, some[0]))
	f.Fuzz(func(t *testing.T, b []byte) {
		end := memorytest.Watch(t, 8<<20+4000*len(b))
		arrays, err := readAll(b)
		end()
		size := 0
		for _, a := range arrays {
			size += len(a.Data)
		}
		if err == nil && size > 1100*len(b) { // what deflate can unpack to, about
			t.Fatalf("%d bytes of file give %d of arrays", len(b), size)
		}
	})
}
