package table

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
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
	if got := fmt.Sprint(r.Kept()); got != "[{id 1 false   44} {x 0 false   44} {remark 1 false   44}]" {
		t.Errorf("kinds are %s", got)
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
	if _, err := Create(filepath.Join(dir, "a.npz"), nil, []string{"p"}, Dialect{}, "why"); err == nil || !strings.Contains(err.Error(), `column "why" holds text, and NPZ is written with numbers only: write CSV or Parquet`) {
		t.Error(err)
	}
	if _, err := Create(filepath.Join(dir, "e.csv"), nil, []string{"why"}, Dialect{}, "why"); err == nil || !strings.Contains(err.Error(), `both called "why"`) {
		t.Error(err)
	}
}

// Until Commit the old file stands, and Abort leaves it and nothing else.
func TestAbort(t *testing.T) {
	for _, name := range []string{"a.csv.gz", "a.npz", "a.npy", "a.parquet"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TMPDIR", t.TempDir())
		w, err := Create(path, nil, []string{"x"}, Dialect{})
		if err != nil {
			t.Fatal(err)
		}
		for range 100000 {
			if err := w.Write(nil, []float64{1}); err != nil {
				t.Fatal(err)
			}
		}
		w.Abort()
		if err := w.Commit(); err == nil {
			t.Errorf("%s: was committed after Abort", name)
		}
		if got := string(must(os.ReadFile(path))); got != "old" {
			t.Errorf("%s: the old file was changed", name)
		}
		onlyFile(t, path)
		if left := must(os.ReadDir(os.Getenv("TMPDIR"))); len(left) > 0 {
			t.Errorf("%s: %v is left among the temporary files", name, left)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                                  "it is a folder: name a file in it",
		filepath.Join(dir, "no", "a.csv"):    "make it, or name another",
		"/dev/null/a.csv":                    "not a directory",
		filepath.Join(dir, "twice", "a.csv"): "make it, or name another",
	} {
		if _, err := Create(path, nil, []string{"x"}, Dialect{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	if _, err := Create(filepath.Join(dir, "a.csv"), []Column{{Name: "log_prob"}}, []string{"log_prob"}, Dialect{}); err == nil || !strings.Contains(err.Error(), `columns 1 and 2 are both called "log_prob"`) {
		t.Error(err)
	}
	if _, err := Create(filepath.Join(dir, "a.csv"), nil, []string{"x"}, Dialect{DecimalComma: true}); err == nil {
		t.Error("a comma served twice")
	}
	if left := must(os.ReadDir(dir)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// What is no plain file is written to, not replaced; a link keeps pointing where
// it did. (A pipe in a folder of the test's own stands for /dev/null: a broken
// Create, run by root, would replace that.)
func TestDevicesAndLinks(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("needs named pipes: ", err)
	}
	end := must(os.OpenFile(pipe, os.O_RDWR, 0)) // so that opening one end does not wait for the other
	defer end.Close()
	w, err := Create(pipe, nil, []string{"x"}, Dialect{})
	if err == nil {
		err = w.Write(nil, []float64{1})
	}
	if err == nil {
		err = w.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatal("the pipe was replaced")
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(end, got); err != nil || string(got) != "x\n1\n" {
		t.Errorf("got %q, %v", got, err)
	}
	target, link := filepath.Join(dir, "target.csv"), filepath.Join(dir, "link.csv")
	if err := os.WriteFile(target, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	w = must(Create(link, nil, []string{"x"}, Dialect{}))
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if info := must(os.Lstat(link)); info.Mode().IsRegular() || string(must(os.ReadFile(target))) != "x\n" {
		t.Error("the link was replaced")
	}
}

// A file that the standard output is appended to is not replaced, by whatever name.
func TestStandardOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	os.Stdout = must(os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0))
	defer os.Stdout.Close()
	for _, name := range []string{"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"} {
		w := must(Create(name, nil, []string{"x"}, Dialect{}))
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(must(os.ReadFile(path))); got != "old\nx\nx\nx\nx\n" {
		t.Errorf("got %q", got)
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

// A disk that is full is an error, also where a buffer hid it until the end.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full")
	}
	for name, start := range map[string]func() (sink, error){
		"CSV": func() (sink, error) { return newCSVSink(full, []string{"x"}, Dialect{Delimiter: ','}, nil) },
		"gzip": func() (sink, error) {
			return newCSVSink(full, []string{"x"}, Dialect{Delimiter: ','}, must(formatOf("a.gz")).pack)
		},
		"NPY":     func() (sink, error) { return newNPYSink(full, nil, 1) },
		"NPZ":     func() (sink, error) { return newNPZSink(full, nil, []string{"x"}) },
		"Parquet": func() (sink, error) { return newParquetSink(full, nil, []string{"x"}, nil) },
	} {
		s, err := start()
		w := &Writer{name: "out", numbers: []string{"x"}, sink: s}
		if err == nil {
			err = w.Write(nil, []float64{1})
		}
		if err == nil {
			err = w.Commit()
		}
		if err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: got %v", name, err)
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
