package table

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// texts writes files, named and filled by turns, and returns their paths.
func texts(t *testing.T, named ...string) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(named); i += 2 {
		path := filepath.Join(dir, named[i])
		if err := os.WriteFile(path, []byte(named[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// Files of other formats and orders of columns are the table that one file is.
func TestFilesAreOneTable(t *testing.T) {
	paths := texts(t, "a.csv", "x,y\n1,2\n,4\n5,6\n", "b.csv", "y;x\n8;0,7\n\n10;9\n")
	last := filepath.Join(t.TempDir(), "c.parquet")
	if err := WriteAll(last, []string{"y", "x"}, [][]float64{{12, 11}, {14, 13}}); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFiles(append(paths, last), Options{Missing: MissingDrop}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.Rows(0) != -1 || f.Rows(2) != 2 || !strings.HasSuffix(f.Name(), "a.csv and 2 more") {
		t.Errorf("before they are read: %d and %d rows of %s", f.Rows(0), f.Rows(2), f.Name())
	}
	got, err := f.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]float64{{1, 2}, {5, 6}, {0.7, 8}, {9, 10}, {11, 12}, {13, 14}}; !reflect.DeepEqual(got.Rows, want) {
		t.Errorf("got %v, want %v", got.Rows, want)
	}
	if !slices.Equal(got.Numbers, []int64{1, 3, 4, 5, 6, 7}) || !slices.Equal(got.Lines, []int64{2, 4, 2, 4, 1, 2}) || got.Dropped != 1 {
		t.Errorf("numbers %v, lines %v, %d dropped", got.Numbers, got.Lines, got.Dropped)
	}
	if want := "CSV with a header, delimiter ','; CSV with a header, delimiter ';', decimal comma; Parquet"; got.Format != want {
		t.Errorf("format %q, want %q", got.Format, want)
	}
	for number, want := range map[int64]string{1: "a.csv line", 3: "a.csv line", 4: "b.csv line", 5: "b.csv line", 6: "c.parquet row", 7: "c.parquet row"} {
		if path, unit := f.Place(number); filepath.Base(path)+" "+unit != want {
			t.Errorf("row %d is in %s, whose unit is %s", number, path, unit)
		}
	}
	y := f.Only([]string{"y"})
	r, err := y.Open(1, [2]int{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if c, err := r.Next(); err != nil || !slices.Equal(c.Values, []float64{8, 10}) || !slices.Equal(c.Numbers, []int64{4, 5}) {
		t.Errorf("of the column y: %+v, %v", c, err)
	}
}

// What a file cannot tell of itself is as in those before.
func TestFilesAlike(t *testing.T) {
	for name, named := range map[string][]string{
		"decimal commas":   {"a.csv", "x;y\n0,5;1\n", "b.csv", "x;y\n1,234;2\n"},
		"names of numbers": {"a.csv", "1999,2000\n0.5,1.234\n", "b.csv", "1999,2000\n1.234,7\n"},
	} {
		o := Options{}
		if strings.HasPrefix(name, "names") {
			o.Header = HeaderYes
		}
		paths := texts(t, named...)
		f, err := OpenFiles(paths, o, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := f.ReadAll()
		if err != nil || got.Rows[1][0] != 1.234 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Texts get the same codes in all files.
func TestTextsOfFiles(t *testing.T) {
	codes := map[string]float64{}
	o := Options{Coder: func(_ int, c Column) Coder {
		if !c.IsText() {
			return nil
		}
		return func(text string) float64 {
			if _, known := codes[text]; !known {
				codes[text] = float64(len(codes))
			}
			return codes[text]
		}
	}}
	paths := texts(t, "a.csv", "x,c\n1,red\n2,blue\n", "b.csv", "c,x\nblue,3\ngreen,4\n")
	f, err := OpenFiles(paths, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.ReadAll()
	if err != nil || !reflect.DeepEqual(got.Rows, [][]float64{{1, 0}, {2, 1}, {3, 1}, {4, 2}}) {
		t.Errorf("got %+v, %v", got, err)
	}
	numbers := filepath.Join(t.TempDir(), "n.parquet")
	if err := WriteAll(numbers, []string{"x", "c"}, [][]float64{{1, 2}}); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFiles([]string{paths[0], numbers}, o, nil); err == nil || !strings.Contains(err.Error(), `n.parquet: column "c" holds numbers, in `) {
		t.Errorf("numbers where there were texts: %v", err)
	}
}

// Files that are not one table are refused, before or while they are read, by name.
func TestFilesRefused(t *testing.T) {
	named := func(name string) func(string) bool { return func(column string) bool { return column != name } }
	for _, tt := range []struct {
		says  string
		b     string
		alike func(string) bool
	}{
		{`b.csv: has no column "y", which `, "x,z\n1,2\n", nil},
		{`b.csv: has no column "y", which `, "x,z\n1,2\n", named("z")},
		{`b.csv: has the column "z", which `, "x,y,z\n1,2,3\n", nil},
		{"", "x,y,z\n1,2,3\n", named("z")},
		{"b.csv: gives its columns no names, where those of ", "1,2\n3,4\n", nil},
		{`b.csv: has no columns "x", "y", which `, "u,v\n3,4\n", nil},
		{"b.csv: is empty", "", nil},
		{"b.csv: holds only a header", "x,y\n", nil},
		{`b.csv: line 3, column "y": found "red", expected a number`, "x,y\n1,2\n3,red\n", nil},
		{"b.csv: line 3 has 3 fields", "x,y\n1,2\n3,4,5\n", nil},
		{`b.csv: line 2, column "x": found the infinite value`, "x,y\ninf,2\n", nil},
		{`b.csv: line 3, column "y": found no value`, "x,y\n1,2\n3,\n", nil},
	} {
		paths := texts(t, "a.csv", "x,y\n1,2\n3,4\n", "b.csv", tt.b)
		f, err := OpenFiles(paths, Options{}, tt.alike)
		if err == nil {
			_, err = f.ReadAll()
		}
		if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("b.csv with %q: got %v, want %q", tt.b, err, tt.says)
		}
	}
	paths := texts(t, "bare.csv", "1,2\n3,4\n", "b.csv", "x,y\n5,6\n")
	if _, err := OpenFiles(paths, Options{}, nil); err == nil || !strings.Contains(err.Error(), "b.csv: names its columns x, y, where ") {
		t.Errorf("names below none: got %v", err)
	}
	paths = texts(t, "a.csv", "x,y\n1,2\n", "pipe", "")
	link := filepath.Join(filepath.Dir(paths[0]), "link.csv")
	if err := errors.Join(os.Link(paths[0], link), os.Remove(paths[1]), syscall.Mkfifo(paths[1], 0o600)); err != nil {
		t.Skip(err)
	}
	for path, want := range map[string]string{
		paths[0]:               "a.csv: is named twice",
		link:                   "link.csv: is the same file as ",
		paths[1]:               "pipe: is no plain file",
		filepath.Dir(paths[0]): "is a folder",
		link + "x":             "there is no such file",
		"-":                    "the standard input cannot be one of several files",
	} {
		if _, err := OpenFiles([]string{paths[0], path}, Options{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// All rows of all files count where rows are left out, and for the memory.
func TestFilesAsAWhole(t *testing.T) {
	paths := texts(t, "a.csv", "x,y\n1,\n", "b.csv", "x,y\n2,\n,3\n", "c.csv", "x,y\n2,5\n")
	read := func(paths []string, o Options) error {
		f, err := OpenFiles(paths, o, nil)
		if err == nil {
			_, err = f.ReadAll()
		}
		return err
	}
	if err := read(paths[:2], Options{Missing: MissingDrop}); err == nil || !strings.Contains(err.Error(), "a.csv and 1 more: all 3 rows miss a value in the columns used (x: 1, y: 2)") {
		t.Errorf("no row is left: %v", err)
	}
	if err := read(paths, Options{Missing: MissingDrop}); err != nil {
		t.Errorf("a row is left: %v", err)
	}
	var many []string
	for _, name := range []string{"a.parquet", "b.parquet"} {
		many = append(many, filepath.Join(t.TempDir(), name))
		rows := slices.Repeat([][]float64{{1, 2}}, 1000)
		if err := WriteAll(many[len(many)-1], []string{"x", "y"}, rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := read(many, Options{Memory: 60_000}); !errors.Is(err, ErrLarge) || !strings.Contains(err.Error(), "a.parquet and 1 more: holds 2000 rows") {
		t.Errorf("more than the memory: %v", err)
	}
	if err := read(many, Options{Memory: 200_000}); err != nil {
		t.Error(err)
	}
}

// A file that is written to while it is read is no longer the one that was looked at.
func TestFileChangesAtItsEnd(t *testing.T) {
	paths := texts(t, "a.csv", "x,y\n1,2\n3,4\n")
	f, err := OpenFiles(paths, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Open(0, [2]int{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := os.WriteFile(paths[0], []byte("x,y\n1,2\n3,4\n5,6\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	if err == io.EOF || !strings.Contains(err.Error(), "a.csv: was changed while it was read") {
		t.Errorf("got %v", err)
	}
}
