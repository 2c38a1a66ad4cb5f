package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every mess in a CSV gets the message it deserves, whatever the chunks.
func TestMessagesOfCSV(t *testing.T) {
	longest := strings.Repeat("x", maxRecord)
	tests := []struct {
		name, text string
		o          Options
		want       string
	}{
		{"empty", "", Options{}, "is empty: expected a table of numbers"},
		{"blank lines", "\n\n\r\n", Options{}, "holds only blank lines: expected a table of numbers"},
		{"only a header", "x,y\n", Options{}, "holds only a header (x, y): expected rows of numbers below it"},
		{"missing", "x,y\n1,2\n3,\n NA ,4\n5,?\n", Options{},
			`line 3, column "y": found no value (""), expected a number; 3 of 4 rows miss a value in the columns used (x: 1, y: 2): fill them in, leave the column out (Exclude y), or leave the rows out (Missing drop)`},
		{"missing before a broken row", "x,y\n1,NULL\n3,4\n5\n6,7\n", Options{},
			`line 2, column "y": found no value ("NULL"), expected a number; 1 of the first 2 rows miss a value in the columns used (y: 1): fill them in, leave the column out (Exclude y), or leave the rows out (Missing drop)`},
		{"all missing", "x,y\n1,NaN\nnone,4\n", Options{Missing: MissingDrop},
			"all 2 rows miss a value in the columns used (x: 1, y: 1): fill them in, or leave columns out (Exclude)"},
		{"text", "x,y\n1,2\n3,4\n5,abc\n", Options{},
			`line 4, column "y": found "abc", expected a number such as 12, -0.5 or 3e-7: correct it, or leave the column out (Exclude y)`},
		{"text without a header", "1,a\n2,b\n", Options{}, `line 1, column "c2": found "a", expected a number such as 12, -0.5 or 3e-7: correct it, or leave the column out (Exclude c2)`},
		{"missing where columns are settled", "x,y\n1,2\n3,\n", Options{Settled: true},
			`line 3, column "y": found no value (""), expected a number; 1 of 2 rows miss a value in the columns used (y: 1): fill them in, or leave the rows out (Missing drop)`},
		{"all missing where columns are settled", "x,y\n1,NaN\n", Options{Settled: true, Missing: MissingDrop}, "all 1 rows miss a value in the columns used (y: 1): fill them in"},
		{"text where columns are settled", "x,y\n1,2\n5,abc\n", Options{Settled: true}, `line 3, column "y": found "abc", expected a number such as 12, -0.5 or 3e-7: correct it`},
		{"infinite", "x,y\n1,2\n-Inf,4\n", Options{}, `line 3, column "x": found the infinite value -Inf, expected a finite number: correct or remove it`},
		{"huge", "x,y\n1,2\n3,1e400\n", Options{}, `line 3, column "y": found "1e400", beyond the largest number there is (1.8e308): correct or remove it`},
		{"ragged", "x,y\n1,2\n\n3,4,5\n", Options{}, "line 4 has 3 fields, the header has 2 (delimiter ','): correct the line; quote a text that holds the delimiter"},
		{"ragged without a header", "1,2\n3\n", Options{}, "line 2 has 1 fields, line 1 has 2 (delimiter ','): correct the line; quote a text that holds the delimiter"},
		{"the same name", "x,y,x\n1,2,3\n", Options{}, `columns 1 and 3 are both called "x": give every column a name of its own`},
		{"NUL", "x,y\n1,\x00\n", Options{}, "line 2 holds a NUL byte: this is no text; expected CSV, NPY, NPZ or Parquet"},
		{"NUL far on", "x\n" + strings.Repeat("1\n", 40000) + "2\x003\n", Options{}, `line 40002, column "x": found "2\x003", expected a number such as 12, -0.5 or 3e-7: correct it`},
		{"CR", "x,y\r1,2\r3,4\r", Options{}, `ends its lines with CR alone, expected LF or CRLF: convert it (tr '\r' '\n')`},
		{"two decimal marks", "x;y\n1,5;2\n3;2.5\n", Options{}, `line 3, column "y": found "2.5" after "1,5" further up: is the decimal mark a point or a comma? Write all numbers one way`},
		{"two decimal marks, the point first", "x;y\n1.5;2\n3;2,5\n", Options{}, `line 3, column "y": found "2,5" after "1.5" further up: is the decimal mark a point or a comma? Write all numbers one way`},
		{"spaces", "1 2\n3 4 5\n", Options{Header: HeaderNo}, `line 1, column "c1": found "1 2", expected one number, or several parted by a comma, a semicolon or a tab: name the delimiter (Delimiter)`},
		{"open quote", "x,y\n1,2\n\"3,4\n5,6\n", Options{}, `line 3: a quoted field that starts here does not end well: close it with a quote (") before the delimiter, and double the quotes in it`},
		{"stray quote", "x,y\n1,5\"\n", Options{}, `line 2: a quote (") stands inside a field that is not quoted: quote the whole field and double the quotes in it`},
		{"endless row", "x,y\n1,2\n3,\"" + longest + "\n" + longest, Options{}, `the row after line 2 is longer than 4194304 bytes: is a quote (") not closed there?`},
		{"no such column", "x,y\n1,2\n", Options{Columns: []string{"X"}}, `Columns: there is no column "X": did you mean "x"? There are: x, y`},
		{"no such number", "x,y\n1,2\n", Options{Columns: []string{"3"}}, `Columns: there is no column "3"; there are: x, y`},
		{"a column twice", "x,y\n1,2\n", Options{Columns: []string{"x", "1"}}, `Columns: column "x" is named twice`},
		{"no such label", "x,y\n1,2\n", Options{Exclude: []string{"label"}}, `Exclude: there is no column "label"; there are: x, y`},
		{"no column left", "x\n1\n", Options{Exclude: []string{"x"}}, "no column is left to read; there are: x"},
		{"delimiter", "x\n1\n", Options{Delimiter: 'x'}, "Delimiter: 'x' parts no columns: expected one of , ; | : space, blanks or tab"},
		{"long text", "x\n" + strings.Repeat("é", 50) + "\n", Options{Header: HeaderYes}, `line 2, column "x": found "éééééééééééééééééééé…", expected a number such as 12, -0.5 or 3e-7: correct it`},
		{"Parquet inside", "PAR1xxxxxxxxxxx", Options{}, "is a Parquet file without its end: it was cut off; copy or download it again"},
		{"Excel", "PK\x03\x04 workbook", Options{}, "the zip file is broken (zip: not a valid zip file): it was cut off or changed; copy or download it again"},
		{"old Excel", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Options{}, "is a workbook of Excel, expected CSV, NPY, NPZ or Parquet: save the sheet as CSV UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, chunk := range []int{0, 1, 2} {
				tt.o.chunkRows = chunk
				if got := message(fromBytes("data.csv", []byte(tt.text)), tt.o); got != "data.csv: "+tt.want {
					t.Fatalf("chunks of %d:\ngot  %s\nwant data.csv: %s", chunk, got, tt.want)
				}
			}
		})
	}
}

// fromBytes is an input that is no file.
func fromBytes(name string, b []byte) *input {
	r := bytes.NewReader(b)
	return &input{name: name, stream: r, at: r, size: int64(len(b))}
}

// message reads all of in and returns what went wrong, "" if nothing did.
func message(in *input, o Options) string {
	r, err := newReader(in, o)
	if err == nil {
		_, err = r.readAll()
	}
	if err == nil {
		return ""
	}
	return textOf(err)
}

// textOf is what an error says, with the options that it names.
func textOf(err error) string {
	var e *Error
	if !errors.As(err, &e) || e.File == "" {
		return "no Error of a file: " + err.Error()
	}
	return e.Text(asNamed)
}

// notesOf are notes, with the options that they name, a line each.
func notesOf(notes []Note) string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Text(asNamed))
	}
	return strings.Join(all, "\n")
}

// asNamed names options as [Options] does.
func asNamed(o Option, values ...string) string {
	return strings.Join(append([]string{string(o)}, values...), " ")
}

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

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
