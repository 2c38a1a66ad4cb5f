package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// What is written comes back bit by bit, from every format and in any chunks.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 1000
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = []float64{rng.NormFloat64(), math.Ldexp(rng.Float64()-0.5, rng.IntN(2000)-1000), float64(i)}
	}
	rows[0][1], rows[1][1], rows[2][1] = math.MaxFloat64, -math.SmallestNonzeroFloat64, -0.1
	for _, name := range []string{"a.csv", "a.tsv", "a.csv.gz", "a.tsv.zst", "a", "a.txt", "a.npy", "a.npz", "a.parquet"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			w, err := Create(path, nil, []string{"z", "a,\"b\nc", "row"}, Dialect{})
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				if err := w.Write(nil, row); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			for _, chunk := range []int{0, 1, 7, n} {
				got, err := ReadAll(path, Options{chunkRows: chunk})
				if err != nil {
					t.Fatal(err)
				}
				if !slices.EqualFunc(got.Rows, rows, slices.Equal) {
					t.Fatalf("chunks of %d: the rows differ", chunk)
				}
				if want := []string{"z", "a,\"b\nc", "row"}; !slices.Equal(got.Columns, want) && name != "a.npy" {
					t.Errorf("got columns %q", got.Columns)
				}
			}
			onlyFile(t, path)
		})
	}
}

// onlyFile checks that nothing was left beside path.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("the folder holds %v (%v), want %s alone", entries, err, path)
	}
}

// Kept columns come out as they went in, in the dialect of the input.
func TestKeptColumnsComeOut(t *testing.T) {
	in := "id;x;remark\r\n7;1,50;\"a;b \"\"c\"\"\"\r\n008;-2;\r\n"
	path := filepath.Join(t.TempDir(), "out.csv")
	r, err := newReader(fromBytes("in.csv", []byte(in)), Options{Columns: []string{"x"}, Keep: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	w, err := Create(path, r.Kept(), []string{"log_prob"}, r.Dialect())
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Len() {
		if err := w.Write(c.Text(i), []float64{-c.Row(i)[0] / 4}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	want := "id;x;remark;log_prob\n7;1,50;\"a;b \"\"c\"\"\";-0,375\n008;-2;;0,5\n"
	if got := string(must(os.ReadFile(path))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	kinds := ""
	for _, c := range r.Kept() {
		kinds += fmt.Sprint(" ", c.Name, " ", c.Kind, " ", c.words)
	}
	if kinds != " id 1 false x 0 false remark 1 true" {
		t.Errorf("kinds are%s", kinds)
	}
}

// A column of numbers that was kept is a number in a format with types.
func TestKeptColumnsInParquet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.parquet")
	w, err := Create(path, []Column{{Name: "name", Kind: Text}, {Name: "x"}}, []string{"log_prob"}, Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]string{{"ä", "1,5"}, {"", "NA"}} {
		if err := w.Write(row, []float64{-1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write([]string{"", "x"}, []float64{0}); err == nil || !strings.Contains(err.Error(), `row 3 cannot be written: column "x": found "x"`) {
		t.Error(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := ReadAll(path, Options{Exclude: []string{"name"}, Keep: []string{"name"}, Missing: MissingKeep})
	if err != nil || fmt.Sprint(got.Rows, got.Text, got.Columns) != "[[1.5 -1] [NaN -1]] [[ä] []] [x log_prob]" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Create(filepath.Join(t.TempDir(), "out.npy"), []Column{{Name: "name", Kind: Text}}, []string{"p"}, Dialect{}); err == nil || !strings.Contains(err.Error(), `column "name" holds text, and NPY is written with numbers only`) {
		t.Error(err)
	}
}

// Notes stand last, whatever the format.
func TestNotes(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name    string
		kept    []Column
		numbers []string
		want    string // of a CSV
	}{
		{"a.csv", []Column{{Name: "id", Kind: Text}}, []string{"p"}, "id,p,why\n7,0.5,\"so, or so\"\n7,0.5,\n"},
		{"b.csv", nil, []string{"p"}, "p,why\n0.5,\"so, or so\"\n0.5,\n"},
		{"c.csv", []Column{{Name: "id", Kind: Text}}, nil, "id,why\n7,\"so, or so\"\n7,\n"},
		{"d.csv", nil, nil, "why\n\"so, or so\"\n\"\"\n"},
		{"a.parquet", []Column{{Name: "id", Kind: Text}}, []string{"p"}, ""},
	} {
		path := filepath.Join(dir, tt.name)
		w, err := Create(path, tt.kept, tt.numbers, Dialect{}, "why")
		if err != nil {
			t.Fatal(err)
		}
		for _, note := range []string{"so, or so", ""} {
			if err := w.Write([]string{"7"}[:len(tt.kept)], []float64{0.5}[:len(tt.numbers)], note); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Write([]string{"7"}[:len(tt.kept)], []float64{0.5}[:len(tt.numbers)]); err == nil || !strings.Contains(err.Error(), "0 notes") {
			t.Errorf("%s: a row without its note: %v", tt.name, err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if tt.want != "" {
			if got := string(must(os.ReadFile(path))); got != tt.want {
				t.Errorf("%s holds %q, want %q", tt.name, got, tt.want)
			}
			continue
		}
		r, err := Open(path, Options{Columns: []string{"p"}, Keep: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.readAll()
		if err != nil || fmt.Sprint(names(r.All()), got.Text) != "[id p why] [[7 0.5 so, or so] [7 0.5 ]]" {
			t.Errorf("%s holds %v of %v, %v", tt.name, got, names(r.All()), err)
		}
		r.Close()
	}
	if _, err := Create(filepath.Join(dir, "a.npz"), nil, []string{"p"}, Dialect{}, "why"); err == nil || !strings.Contains(err.Error(), `column "why" holds text, and NPZ is written with numbers only: name it .csv or .parquet`) {
		t.Error(err)
	}
	if _, err := Create(filepath.Join(dir, "e.csv"), nil, []string{"why"}, Dialect{}, "why"); err == nil || !strings.Contains(err.Error(), `both called "why"`) {
		t.Error(err)
	}
}

func TestNumbersAsTheyAreWritten(t *testing.T) {
	for _, tt := range []struct {
		d    Dialect
		want string
	}{
		{Dialect{}, "x\n-2.837877035140991\n1e-07\nNaN\n-Inf\n-8.25e+42\n"},
		{Dialect{Single: true}, "x\n-2.837877\n1e-07\nNaN\n-Inf\n-8.25e+42\n"},
		{Dialect{Delimiter: ';', DecimalComma: true, Single: true}, "x\n-2,837877\n1e-07\nNaN\n-Inf\n-8,25e+42\n"},
	} {
		var b strings.Builder
		s := must(newCSVSink(&b, []string{"x"}, Dialect{Delimiter: max(tt.d.Delimiter, ','), DecimalComma: tt.d.DecimalComma, Single: tt.d.Single}, nil))
		for _, v := range []float64{float64(float32(-2.8378770664)), 1e-7, math.NaN(), math.Inf(-1), -8.25e42} {
			if err := s.row(nil, []float64{v}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.finish(); err != nil || b.String() != tt.want {
			t.Errorf("got %q, want %q (%v)", b.String(), tt.want, err)
		}
	}
}

// A table that is written whole is read again, number for number; one whose rows do
// not fit its columns leaves the old file.
func TestWriteAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.csv")
	rows := [][]float64{{1, -2.5}, {3e-7, 4}}
	if err := WriteAll(path, []string{"a", "b"}, rows); err != nil {
		t.Fatal(err)
	}
	if err := WriteAll(path, []string{"a", "b"}, [][]float64{{1, 2}, {3}}); err == nil {
		t.Error("a row of one value in a table of two columns was written")
	}
	if got := must(ReadAll(path, Options{})); !reflect.DeepEqual(got.Rows, rows) || !reflect.DeepEqual(got.Columns, []string{"a", "b"}) {
		t.Errorf("got %v of %v", got.Rows, got.Columns)
	}
}

// The name says the format, or is refused with a name that works.
func TestFormatFollowsTheName(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		"t.xlsx": "name it .csv, which spreadsheets open", "t.csv.bz2": "tables are not packed as .bz2: end the name in .gz or .zst",
		"t.npy.gz": "only text is packed as .gz: name it .npy alone, or .csv.gz", "t.json": `no format of tables is called ".json"`, "t.CSV.ZIP": "tables are not packed as .zip",
	} {
		if err := WriteAll(filepath.Join(dir, name), []string{"x"}, [][]float64{{1}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	for name, want := range map[string]string{"t.TSV": "x\ty\n1\t2\n", "t.txt": "x,y\n1,2\n", "t": "x,y\n1,2\n"} {
		path := filepath.Join(dir, name)
		if err := WriteAll(path, []string{"x", "y"}, [][]float64{{1, 2}}); err != nil {
			t.Error(err)
		}
		if got := string(must(os.ReadFile(path))); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
