package table

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// length codes a text by its length.
func length(text string) float64 { return float64(len(text)) }

// Texts become numbers in the places of their columns, whatever is kept beside, in each
// format and chunk by chunk.
func TestCoder(t *testing.T) {
	const text = "a,t,b,u\n1, xy ,2,p\n3,,4,q\n5,\"z,z\",6,\n"
	parquet := filepath.Join(t.TempDir(), "t.parquet")
	w, err := Create(parquet, []Column{{Name: "a"}, {Name: "t", Kind: Text}, {Name: "b"}, {Name: "u", Kind: Text}}, nil, Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]string{{"1", "xy", "2", "p"}, {"3", "", "4", "q"}, {"5", "z,z", "6", ""}} {
		if err := w.Write(row, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	for _, chunk := range []int{1, 2, 100} {
		o := Options{Columns: []string{"u", "b", "t"}, Keep: []string{"t", "a"}, chunkRows: chunk, Coder: func(place int, c Column) Coder {
			if c.IsText() != (c.Name == "t" || c.Name == "u") || c.Name != []string{"u", "b", "t"}[place] {
				t.Errorf("column %d is %q, a text: %v", place, c.Name, c.IsText())
			}
			if c.IsText() {
				return length
			}
			return nil
		}}
		for _, open := range []func() (*Reader, error){
			func() (*Reader, error) { return newReader(fromBytes("t.csv", []byte(text)), o) },
			func() (*Reader, error) { return Open(parquet, o) },
		} {
			r, err := open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.readAll()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Columns, []string{"u", "b", "t"}) || fmt.Sprint(got.Rows) != "[[1 2 2] [1 4 0] [0 6 3]]" || len(got.Kept) != 2 || got.Text[2][1] != "5" || got.Text[2][0] != "z,z" {
				t.Errorf("%s, chunks of %d: got %+v", r.Format(), chunk, got)
			}
		}
	}
}

// A column of a CSV holds texts if its first lines hold some and no number.
func TestIsText(t *testing.T) {
	const text = "numbers,texts,mixed,truths,gaps,lastly\n1,p,1,true,,\n2,q,x,false,NA,\n3,,2,true,-1.5,y\n"
	r, err := newReader(fromBytes("t.csv", []byte(text)), Options{Columns: []string{"numbers"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.All() {
		if want := c.Name == "texts" || c.Name == "lastly"; c.IsText() != want {
			t.Errorf("%s: %v, want %v", c.Name, c.IsText(), want)
		}
	}
}

// What to do about texts far larger than their file depends on what they are for.
func TestLongTexts(t *testing.T) {
	code := func(_ int, c Column) Coder {
		if c.Kind == Number {
			return nil
		}
		return func(string) float64 { return 0 }
	}
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Columns: []string{"1"}, Keep: []string{"*"}}, "keep other columns, or none (Keep)"},
		{Options{Coder: code}, "leave the column out (Exclude t)"},
		{Options{Coder: code, Settled: true}, "shorten them"},
	} {
		_, err := ReadAll("testdata/text_named_often.parquet", tt.o)
		if got := textOf(err); !strings.Contains(got, "MB in a file of") || !strings.HasSuffix(got, ": "+tt.want) {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}
