package table

import (
	"bytes"
	"encoding/base64"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/internal/memory/memorytest"
	"normflow/internal/npz"
)

// mostBytes is what reading a small file may take, in all: buffers of a chunk
// and of the decompressors, and pages that unpack to a thousand times their size.
const mostBytes = 64 << 20

// readSafely reads all of a hostile file in two sizes of chunks. Neither may
// panic or take much memory, both must give the same rows, all finite, and the
// same error; a broken page must be an error to both.
func readSafely(t *testing.T, name string, b []byte, o Options) {
	t.Helper()
	most := mostBytes + 2000*len(b)
	if p := packed(b); p != nil && p.name == "zstd" {
		most += 2 * maxWindow // which it may claim, and is taken for each size
	}
	end := memorytest.Watch(t, most)
	var rows [2]uint64 // a hash of them
	var message [2]string
	for k, chunk := range []int{0, 3} {
		o.chunkRows = chunk
		r, err := newReader(fromBytes(name, b), o)
		var columns, kept int
		if err == nil {
			columns, kept = len(r.Columns()), len(r.Kept()) // which are made anew each time
		}
		for err == nil {
			var c *Chunk
			if c, err = r.Next(); err != nil {
				break
			}
			if len(c.Values) != c.Len()*columns || c.Len() == 0 {
				t.Fatalf("%d values in %d rows of %d", len(c.Values), c.Len(), columns)
			}
			for i := range c.Len() {
				if len(c.Text(i)) != kept {
					t.Fatalf("%d texts, expected %d", len(c.Text(i)), kept)
				}
			}
			for _, v := range c.Values {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatal("a value is not finite")
				}
				rows[k] = rows[k]*1099511628211 + math.Float64bits(v)
			}
		}
		if err != io.EOF {
			message[k] = err.Error()
		}
		if r != nil {
			r.Close()
		}
	}
	// Of a page that is broken in the middle, the rows before may come out or not, and
	// what is wrong with them be said first.
	broken := message[0] != "" && message[1] != "" && strings.Contains(message[0]+message[1], "not a sound Parquet file")
	if !broken && (rows[0] != rows[1] || message[0] != message[1]) {
		t.Fatalf("the size of a chunk matters: %x with %q, %x with %q", rows[0], message[0], rows[1], message[1])
	}
	end()
}

func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"x,y\n1,2\n3,4\n", "\ufeffx;y\r\n1,5;2\r\n", "1\t2\n", "\"a\"\"\",b\n1,\"2\"\n", "x\nNA\n1e400\n", "gr\xf6\xdfe,y\n1,\n", "a,b\n1\n", "x,y\n1,2\n3,z\n", "0,1\n.5,inf\n", "\"", ",,\n,,", "\x00", "\xff\xfea\x00",
	} {
		f.Add([]byte(text))
	}
	f.Add(must(os.ReadFile("testdata/pandas.csv.gz")))
	f.Add(zstdOf("x,y\n1,2\n3,4\n"))
	f.Add(must(base64.StdEncoding.DecodeString(bzip2Text)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, magic := range []string{magicNPY, magicParquet, magicZip} {
			if bytes.HasPrefix(b, []byte(magic)) {
				t.Skip()
			}
		}
		readSafely(t, "a.csv", b, Options{})
	})
}

func FuzzNPY(f *testing.F) {
	for _, pattern := range []string{"testdata/*.npy", "testdata/*.npz"} {
		for _, file := range must(filepath.Glob(pattern)) {
			f.Add(must(os.ReadFile(file)))
		}
	}
	f.Add(append(npz.Prelude("<f8", "(4000000000000, 1000000)"), make([]byte, 64)...))
	f.Add(append(npz.Prelude("<f8", "(9223372036854775807, 2)"), make([]byte, 64)...))
	f.Add([]byte(magicNPY + "\x02\x00\xff\xff\xff\x7f{"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !bytes.HasPrefix(b, []byte(magicNPY)) && !bytes.HasPrefix(b, []byte(magicZip)) {
			t.Skip()
		}
		readSafely(t, "a.npz", b, Options{})
	})
}

// FuzzParquet mends the length of the metadata, which a mutation would break
// most of the time.
func FuzzParquet(f *testing.F) {
	for _, file := range must(filepath.Glob("testdata/*.parquet")) {
		f.Add(must(os.ReadFile(file)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 12 {
			t.Skip()
		}
		b = bytes.Clone(b)
		copy(b, magicParquet)
		copy(b[len(b)-4:], magicParquet)
		readSafely(t, "a.parquet", b, Options{})
		readSafely(t, "a.parquet", b, Options{Columns: []string{"2"}, Keep: []string{"1"}, Missing: MissingDrop}) // text, in mixed.parquet
	})
}

// FuzzMembers feeds archives of many members, of which some lie on the same bytes or unpack
// to far more.
func FuzzMembers(f *testing.F) {
	for _, file := range []string{"members_on_one.npz", "fortran_packed.npz", "columns.npz", "uneven.npz"} {
		f.Add(must(os.ReadFile(filepath.Join("testdata", file))))
	}
	folder := f.TempDir()
	f.Add(must(os.ReadFile(zipOfZeros(f, folder, "a.npz", 40, 3, 2, false))))
	f.Add(must(os.ReadFile(zipOfZeros(f, folder, "b.npz", 20, 200, 16, true))))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !bytes.HasPrefix(b, []byte(magicZip)) {
			t.Skip()
		}
		readSafely(t, "a.npz", b, Options{Keep: []string{"*"}, Missing: MissingDrop})
	})
}

// FuzzKeep carries every column along as text, of any format.
func FuzzKeep(f *testing.F) {
	for _, pattern := range []string{"testdata/*.parquet", "testdata/parquet/types-*.parquet", "testdata/*.npy", "testdata/*.csv"} {
		for _, file := range must(filepath.Glob(pattern)) {
			f.Add(must(os.ReadFile(file)))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.Clone(b)
		if len(b) > 12 && bytes.HasPrefix(b, []byte(magicParquet)) {
			copy(b[len(b)-4:], magicParquet)
		}
		readSafely(t, "a.parquet", b, Options{Columns: []string{"1"}, Keep: []string{"*"}, Missing: MissingDrop})
	})
}

// Every byte of a file broken, one at a time, in two ways.
func TestEveryByteBroken(t *testing.T) {
	for _, pattern := range []string{"testdata/none.parquet", "testdata/pages_v2.parquet", "testdata/mixed.parquet", "testdata/fortran.npy", "testdata/fortran_packed.npz", "testdata/adbench.npz"} {
		for _, file := range must(filepath.Glob(pattern)) {
			whole := must(os.ReadFile(file))
			for i := range whole {
				for _, flip := range []byte{0xff, 1} {
					b := bytes.Clone(whole)
					b[i] ^= flip
					readSafely(t, file, b, Options{})
				}
			}
		}
	}
}
