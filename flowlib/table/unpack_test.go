package table

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func gzipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text)) //nolint:errcheck // into memory
	z.Close()             //nolint:errcheck // as above
	return b.Bytes()
}

func zstdOf(text string, options ...zstd.EOption) []byte {
	z := must(zstd.NewWriter(nil, options...))
	return z.EncodeAll([]byte(text), nil)
}

// printf 'x,y\n1,2\n3,4\n' | bzip2 | base64
const bzip2Text = "QlpoOTFBWSZTWfnQt38AAAVYgAAQAAQ8AABgIAAiHqGIQwInNOOAHi7kinChIfOhbv4="

// However it is packed, the table is the same.
func TestPackedText(t *testing.T) {
	const text = "x,y\n1,2\n3,4\n"
	bz, err := base64.StdEncoding.DecodeString(bzip2Text)
	if err != nil {
		t.Fatal(err)
	}
	for name, packed := range map[string][]byte{
		"t.csv":         []byte(text),
		"t.csv.gz":      gzipped(text),
		"members.gz":    append(gzipped("x,y\n1,2\n3"), gzipped(",4\n")...),
		"an empty.gz":   append(gzipped(""), gzipped(text)...),
		"zeros.gz":      append(gzipped(text), make([]byte, 100000)...),
		"between.gz":    append(append(gzipped("x,y\n1,2\n"), 0, 0, 0), gzipped("3,4\n")...),
		"t.csv.bz2":     bz,
		"t.csv.zst":     zstdOf(text),
		"frames.zst":    append(zstdOf("x,y\n1,2\n"), zstdOf("3,4\n")...),
		"unnamed":       zstdOf(text),
		"wrong name.gz": zstdOf(text),
	} {
		r, err := newReader(fromBytes(name, packed), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := r.readAll()
		if err != nil || len(got.Rows) != 2 || got.Rows[1][0] != 3 || got.Rows[1][1] != 4 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestMessagesOfPackedText(t *testing.T) {
	whole := zstdOf("x,y\n" + strings.Repeat("1,2\n", 1000))
	for _, tt := range []struct {
		name   string
		packed []byte
		want   string
	}{
		{"t.csv.xz", []byte("\xfd7zXZ\x00\x00\x04"), "is packed by xz, which is not read: unpack it first (unxz)"},
		{"t.csv.zst", whole[:len(whole)-5], "the zstd file ends too early: it was cut off; copy or download it again"},
		{"t.csv.zst", []byte("x,y\n1,2\n"), `starts with "x,y\n1,2\n", which is no zstd file: check where it comes from, or name it .csv if it is one`},
		{"t.csv.bz2", []byte("BZh9 and no more"), "the bzip2 file is broken (bzip2 data invalid: bad magic value found): copy or download it again"},
		{"t.csv.gz", append(gzipped("x\n1\n"), "and more than a header"...), "the gzip file is broken (gzip: invalid header): copy or download it again"},
		{"t.npy.zst", zstdOf("\x93NUMPY and so on"), "is a zstd file around another format than CSV: unzip it first (unzstd)"},
		{"t.csv.zst", []byte("\x28\xb5\x2f\xfd\x04\xa0\x00\x00"), "the zstd file needs more than 128 MiB of memory to unpack: unpack it first (unzstd)"},
	} {
		if got := message(fromBytes(tt.name, tt.packed), Options{}); got != tt.name+": "+tt.want {
			t.Errorf("got  %s\nwant %s: %s", got, tt.name, tt.want)
		}
	}
}

// Content decides, and a name that contradicts it is told.
func TestNamesThatLie(t *testing.T) {
	for name, want := range map[string]string{
		"a.npy": `a.npy: starts with "1,2\n3,4\n", which is no NPY file: check where it comes from, or name it .csv if it is one`,
		"a.gz":  `a.gz: starts with "1,2\n3,4\n", which is no gzip file: check where it comes from, or name it .csv if it is one`,
	} {
		if got := message(fromBytes(name, []byte("1,2\n3,4\n")), Options{}); got != want {
			t.Errorf("got %s", got)
		}
	}
	if got := message(fromBytes("data.csv", must(os.ReadFile("testdata/none.parquet"))), Options{}); got != "" {
		t.Errorf("got %s", got)
	}
	for file, want := range map[string]string{
		"none.parquet": "is a Parquet file, which cannot be read from a pipe: give the file's name",
		"columns.npz":  "is a zip file, which cannot be read from a pipe: give the file's name",
		"fortran.npy":  "is in Fortran order, which cannot be read from a pipe: give the file's name, or save numpy.ascontiguousarray of it",
	} {
		in := &input{name: "pipe", stream: io.MultiReader(bytes.NewReader(must(os.ReadFile("testdata/" + file)))), size: -1}
		if got := message(in, Options{}); got != "pipe: "+want {
			t.Errorf("got %s", got)
		}
	}
}
