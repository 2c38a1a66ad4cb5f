package table

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"normflow/internal/npz"
)

// header is a Prelude for any type and order.
func header(kind, order, shape string) []byte {
	b := bytes.Replace(npz.Prelude("<f8", shape), []byte("<f8"), []byte(kind), 1)
	b = bytes.Replace(b, []byte("False"), []byte(order), 1)
	b = append(bytes.TrimRight(b, " \n"), bytes.Repeat([]byte(" "), 128)...)[:128]
	b[127] = '\n'
	return b
}

// Headers that claim what is not there are refused for the right reason.
func TestHeadersThatLie(t *testing.T) {
	tests := []struct {
		name string
		b    []byte
		want string
	}{
		{"more rows", append(header("<f8", "False", "(3, 1)"), make([]byte, 16)...), "holds 16 bytes of data, expected 24 for 3 rows of 1: it was cut off; copy or download it again"},
		{"fewer rows", append(header("<f8", "False", "(1, 1)"), make([]byte, 16)...), "holds 8 bytes after the array of 1 rows of 1: it is broken, or holds several arrays; save one"},
		{"wide objects", header("|O8", "False", "(1, 1000000000)"), "the array has shape [1 1000000000], expected at most 65536 columns: is it (columns, rows)? Transpose it"},
		{"beyond int64", header("<f8", "False", "(9223372036854775807, 2)"), "the array has shape [9223372036854775807 2], which no file can hold: the file is broken"},
		{"negative", header("<f8", "False", "(-1, 2)"), "the array has shape [-1 2]: the file is broken"},
		{"no rows", header("<f8", "False", "(0, 2)"), "the array has shape [0 2]: it holds no numbers"},
		{"a scalar", header("<f8", "False", "()"), "the array has shape [], expected one of two axes, (rows, columns): reshape it"},
		{"objects", header("|O", "False", "(1, 2)"), `columns hold "c1" objects ("|O"), "c2" objects ("|O"), expected numbers (the columns are c1, c2): save a.astype(float)`},
		{"records", []byte(strings.Replace(string(header("('x\\n', '<f8'), ('y', '<i4')", "False", "(2,)")), "'('x\\n', '<f8'), ('y', '<i4')'", "[('x\\n', '<f8'), ('y', '<i4')]", 1)),
			`column "c1" holds records with the fields x\n, y, expected numbers (the columns are c1): save numpy.lib.recfunctions.structured_to_unstructured(a), a column for each field`},
		{"a long header", []byte(magicNPY + "\x02\x00\xff\xff\xff\x7f"), "the NPY header claims 2147483647 bytes, expected at most 65536: the file is broken"},
		{"no header", []byte(magicNPY + "\x01\x00\x00\x00"), "is not a sound NPY file (runtime error: slice bounds out of range [:-1]): make it anew"},
	}
	for _, tt := range tests {
		if got := message(fromBytes("a.npy", tt.b), Options{}); got != "a.npy: "+tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// Members of an NPZ that are longer or shorter than their header, or that would
// unpack into too much memory.
func TestMembersThatLie(t *testing.T) {
	member := func(method uint16, b []byte) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w := must(z.CreateHeader(&zip.FileHeader{Name: "X.npy", Method: method}))
		must(w.Write(b))
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		for shape, want := range map[string]string{
			"(3, 1)": `array "X": holds 144 bytes, expected 152 for 3 rows of 1: the file is broken; make it anew`,
			"(1, 1)": `array "X": holds 144 bytes, expected 136 for 1 rows of 1: the file is broken; make it anew`,
		} {
			b := member(method, append(npz.Prelude("<f8", shape), make([]byte, 16)...))
			if got := message(fromBytes("a.npz", b), Options{}); got != "a.npz: "+want {
				t.Errorf("got %s", got)
			}
		}
	}
	bomb := append(header("<f8", "True", "(1000000, 2)"), make([]byte, 16_000_000)...)
	if got := message(fromBytes("a.npz", member(zip.Deflate, bomb)), Options{}); !strings.Contains(got, "is compressed and in Fortran order, and its 16000000 bytes are more than the") {
		t.Errorf("got %s", got)
	}
	if got := message(fromBytes("a.zip", must(zipOf("readme.txt"))), Options{}); got != "a.zip: is a zip file without a NumPy array in it: expected CSV, NPY, NPZ or Parquet; unzip it first" {
		t.Errorf("got %s", got)
	}
	if got := message(fromBytes("a.csv", must(zipOf("[Content_Types].xml"))), Options{}); got != "a.csv: is a workbook of Excel, expected CSV, NPY, NPZ or Parquet: save the sheet as CSV UTF-8" {
		t.Errorf("got %s", got)
	}
}

// A number that was changed on the way is known by the checksum of the zip file.
func TestDamagedMember(t *testing.T) {
	for _, tt := range []struct {
		method      uint16
		order, want string
	}{
		{zip.Store, "False", "a.npz: is damaged (zip: checksum error): copy or download it again"},
		{zip.Deflate, "False", "a.npz: is damaged (zip: checksum error): copy or download it again"},
		{zip.Deflate, "True", `a.npz: array "X": the zip file is broken (zip: checksum error): copy or download it again`},
	} {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w := must(z.CreateHeader(&zip.FileHeader{Name: "X.npy", Method: tt.method}))
		must(w.Write(append(header("<f8", tt.order, "(500, 2)"), bytes.Repeat([]byte("some num"), 1000)...)))
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		b := out.Bytes()
		if got := message(fromBytes("a.npz", b), Options{}); got != "" {
			t.Errorf("sound, yet %s", got)
		}
		b[bytes.Index(b, []byte("PK\x01\x02"))+16] ^= 1 // the checksum in the directory
		if got := message(fromBytes("a.npz", b), Options{}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func zipOf(name string) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if _, err := z.Create(name); err != nil {
		return nil, err
	}
	err := z.Close()
	return out.Bytes(), err
}
