package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"normflow/internal/npz"
)

// Columns that no output can hold are left out of all that are to be kept, and named. An
// explicit wish for one is an error.
func TestKeepLeavesOutWhatCannotBeKept(t *testing.T) {
	type inner struct {
		A int `parquet:"a"`
	}
	type row struct {
		X     float64          `parquet:"x"`
		Bytes []byte           `parquet:"bytes"`
		List  []float64        `parquet:"list"`
		Of    inner            `parquet:"of"`
		Map   map[string]int64 `parquet:"map"`
		Key   string           `parquet:"key"`
	}
	path := filepath.Join(t.TempDir(), "t.parquet")
	rows := []row{
		{1.5, []byte{0xff, 0x1b}, []float64{1, 2, 3}, inner{1}, map[string]int64{"a": 1}, "first"},
		{2.5, []byte("plain"), nil, inner{2}, nil, "second"},
	}
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, Options{Columns: []string{"x"}, Keep: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`1.5|\xff1b|first`, `2.5|plain|second`} {
		if got := strings.Join(c.Text(i), "|"); got != want {
			t.Errorf("row %d is kept as %s, expected %s", i+1, got, want)
		}
	}
	notes := r.Notes()
	if len(notes) != 1 || !strings.Contains(notes[0].String(), `"list" (`) || !strings.Contains(notes[0].String(), `"map" (`) || !strings.Contains(notes[0].String(), `"of" (`) {
		t.Errorf("says %q", notes)
	}
	if _, err := Open(path, Options{Columns: []string{"x"}, Keep: []string{"of"}}); err == nil || !strings.Contains(err.Error(), "cannot be kept: keep others") {
		t.Errorf("asked for one: %v", err)
	}
}

// An array of an NPZ that is no table, such as a seed, does not stand in the way of the
// others; a file of no others is an error.
func TestNPZBesideArraysOfOtherShapes(t *testing.T) {
	seed := string(npz.Prelude("<f8", "()")) + "12345678"
	table := string(npz.Prelude("<f8", "(1, 2)")) + string(make([]byte, 16))
	dir := t.TempDir()
	write := func(name string, members ...string) string {
		path := filepath.Join(dir, name)
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i := 0; i < len(members); i += 2 {
			w, _ := z.Create(members[i])
			w.Write([]byte(members[i+1])) //nolint:errcheck // into memory
		}
		if err := errors.Join(z.Close(), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := write("both.npz", "seed.npy", seed, "X.npy", table)
	r, err := Open(path, Options{Columns: []string{"X1", "X2"}, Keep: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if c, err := r.Next(); err != nil || c.Len() != 1 || len(c.Text(0)) != 2 {
		t.Errorf("%v, %v", c, err)
	}
	if notes := r.Notes(); len(notes) != 1 || !strings.Contains(notes[0].String(), `"seed" (an array of shape [])`) {
		t.Errorf("says %q", notes)
	}
	// Nor do arrays of texts, or empty ones, however many rows they have.
	for _, shape := range []string{"(3,)", "(1, 7)", "(0,)"} {
		words := string(npz.Prelude("<U3", shape)) + strings.Repeat("x\x00\x00\x00y\x00\x00\x00z\x00\x00\x00", 7)
		words = words[:len(words)-len(words)%12]
		got, err := ReadAll(write("words.npz", "words.npy", words, "X.npy", table), Options{Columns: []string{"X2"}})
		if err != nil || len(got.Rows) != 1 {
			t.Errorf("beside texts of shape %s: %v, %v", shape, got, err)
		}
	}
	for file, want := range map[string]string{
		path:                                `column "seed" holds an array of shape [], expected numbers`,
		write("seed.npz", "seed.npy", seed): `array "seed": the array has shape [], expected one of two axes`,
	} {
		if _, err := Open(file, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
}

// A byte order mark is never part of a name, whatever wrote it into one, and a text that
// begins with one is the same when it is read again.
func TestByteOrderMarksInNames(t *testing.T) {
	for _, text := range []string{"\ufeff\ufeffx,y\n1,2\n", "\ufeff\ufeff\"x\",y\n1,2\n", "y,\ufeffx\n2,1\n", string(utf16Of("\ufeffx,y\n1,2\n", 1, 0))} {
		r, err := newReader(fromBytes("t.csv", []byte(text)), Options{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := must(r.readAll()); fmt.Sprint(got.Columns, got.Rows) != "[x y] [[1 2]]" && fmt.Sprint(got.Columns, got.Rows) != "[y x] [[2 1]]" {
			t.Errorf("%q is read as %q %v", text, got.Columns, got.Rows)
		}
	}
	type row struct {
		X float64 `parquet:"\ufeffx"`
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "t.parquet")
	if err := parquet.WriteFile(path, []row{{1}}); err != nil {
		t.Fatal(err)
	}
	if all, err := Names(path, Options{}); err != nil || all[0] != "x" {
		t.Errorf("Parquet: %q, %v", all, err)
	}
	path = filepath.Join(dir, "t.csv")
	w, err := Create(path, []Column{{Name: "k", Kind: Text}}, []string{"x"}, Dialect{NoHeader: true})
	if err == nil {
		err = errors.Join(w.Write([]string{"\ufeffa"}, []float64{1}), w.Commit())
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadAll(path, Options{Header: HeaderNo, Columns: []string{"c2"}, Keep: []string{"c1"}}); err != nil || got.Text[0][0] != "\ufeffa" {
		t.Errorf("%v, %v", got, err)
	}
}

// Records are named as such to whoever chooses columns by name, too.
func TestRecordsWithAChoice(t *testing.T) {
	header := bytes.Replace(npz.Prelude("[('x', '<f8')]", "(1,)"), []byte("'[('x', '<f8')]'"), []byte("[('x', '<f8')]  "), 1)
	path := filepath.Join(t.TempDir(), "r.npy")
	if err := os.WriteFile(path, append(header, make([]byte, 8)...), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, Options{Choose: func([]Column) ([]string, error) { t.Error("asked for a choice"); return nil, nil }})
	if err == nil || !strings.Contains(err.Error(), "structured_to_unstructured") {
		t.Error(err)
	}
}
