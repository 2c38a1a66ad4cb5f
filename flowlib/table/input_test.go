package table

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMessagesOfFiles(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		filepath.Join(dir, "nowhere.csv"): "there is no such file: check the name and the folder",
		dir:                               "is a folder, expected a file: name a table in it",
		"testdata/three_axes.npy":         "the array has shape [2 2 2], expected one of two axes, (rows, columns): reshape it",
		"testdata/text.npy":               `column "c1" holds no real numbers (NumPy's type "<U1"), expected numbers (the columns are c1): write it as numbers`,
		"testdata/complex.npy":            `column "c1" holds no real numbers (NumPy's type "<c16"), expected numbers (the columns are c1): write it as numbers`,
		"testdata/uneven.npz":             "the arrays differ in rows (train: 10 rows of 4, test: 4 rows of 4): choose one",
	} {
		if _, err := ReadAll(name, Options{}); err == nil || err.Error() != name+": "+want {
			t.Errorf("got  %v\nwant %s: %s", err, name, want)
		}
	}
	if _, err := ReadAll("testdata/text.npy", Options{Settled: true}); err == nil || !strings.HasSuffix(err.Error(), `(NumPy's type "<U1"), expected numbers (the columns are c1): write it as numbers`) {
		t.Error(err)
	}
	if _, err := ReadAll("testdata/uneven.npz", Options{Array: "valid"}); err == nil || !strings.HasSuffix(err.Error(), `npz: there is no array "valid"; there are: train, test`) {
		t.Error(err)
	}
	if got, err := ReadAll("testdata/uneven.npz", Options{Array: "test"}); err != nil || len(got.Rows) != 4 {
		t.Error(got, err)
	}
	locked := filepath.Join(dir, "locked.csv")
	if err := os.WriteFile(locked, []byte("1\n"), 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 { // root may read everything
		if _, err := Open(locked, Options{}); err == nil || !strings.Contains(err.Error(), "you may not read this file") {
			t.Error(err)
		}
	}
}

// A file that was cut off anywhere is refused, and never gives wrong rows.
func TestCutFiles(t *testing.T) {
	for _, name := range []string{"pandas.csv.gz", "c_order.npy", "fortran.npy", "columns.npz", "adbench.npz", "snappy.parquet", "pages_v2.parquet"} {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(whole) {
			in := fromBytes(name, whole[:n])
			if got := message(in, Options{}); got == "" {
				t.Errorf("%s: the first %d of %d bytes were read without complaint", name, n, len(whole))
			}
		}
		long := append(whole[:len(whole):len(whole)], 1)                                                     // zeros may stand behind a gzip file
		if got := message(fromBytes(name, long), Options{}); got == "" && !strings.HasSuffix(name, ".npz") { // a zip file may have a comment
			t.Errorf("%s with a byte more was read without complaint", name)
		}
	}
	in := &input{name: "pipe", stream: bytes.NewReader(must(os.ReadFile("testdata/c_order.npy"))[:300]), size: -1}
	if got := message(in, Options{}); got != "pipe: ends in row 6 of 10: it was cut off; copy or download it again" {
		t.Error(got)
	}
	zipped := must(os.ReadFile("testdata/pandas.csv.gz"))
	if got := message(fromBytes("a.gz", zipped[:60]), Options{}); got != "a.gz: the gzip file ends too early: it was cut off; copy or download it again" {
		t.Error(got)
	}
	var twice bytes.Buffer
	w := gzip.NewWriter(&twice)
	if _, err := w.Write(must(os.ReadFile("testdata/c_order.npy"))); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if got := message(fromBytes("a.npy.gz", twice.Bytes()), Options{}); got != "a.npy.gz: is a gzip file around another format than CSV: unzip it first (gunzip)" {
		t.Error(got)
	}
}
