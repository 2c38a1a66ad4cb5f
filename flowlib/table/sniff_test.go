package table

import (
	"fmt"
	"strings"
	"testing"
)

// What a CSV says about itself: columns, first row, format.
func TestSniff(t *testing.T) {
	tests := []struct{ name, text, columns, first, format string }{
		{"header", "x,y\n1,2\n", "x y", "[1 2]", "CSV with a header, delimiter ','"},
		{"no header", "1,2\n3,4\n", "c1 c2", "[1 2]", "CSV without a header, delimiter ','"},
		{"one column", "x\n1\n", "x", "[1]", "CSV with a header, delimiter ','"},
		{"one number", "1", "c1", "[1]", "CSV without a header, delimiter ','"},
		{"no newline at the end, blanks, CRLF", " x , y \r\n 1 ,\t2", "x y", "[1 2]", "CSV with a header, delimiter ','"},
		{"mark of byte order", "\ufeffx,y\n1,2\n", "x y", "[1 2]", "CSV with a header, delimiter ','"},
		{"mark of byte order, no header", "\ufeff1,2\n3,4\n", "c1 c2", "[1 2]", "CSV without a header, delimiter ','"},
		{"Latin-1", "gr\xf6\xdfe;y\n1;2\n", "größe y", "[1 2]", "CSV with a header, delimiter ';'"},
		{"decimal comma without a header", "1,5;2,5\n3,5;4,5\n", "c1 c2", "[1.5 2.5]", "CSV without a header, delimiter ';', decimal comma"},
		{"decimal comma, one column whole", "a;b\n1,5;2\n", "a b", "[1.5 2]", "CSV with a header, delimiter ';', decimal comma"},
		{"tab", "a\tb, c\n1\t2\n", "a b, c", "[1 2]", "CSV with a header, delimiter '\\t'"},
		{"quotes", "\"a;1\",\"b\"\n\"1\",2\n", "a;1 b", "[1 2]", "CSV with a header, delimiter ','"},
		{"line inside quotes", "\"a\nb\",c\n1,2\n", "a\nb c", "[1 2]", "CSV with a header, delimiter ','"},
		{"ragged, the most common", "a,b;x,c\n1,2,3\n4,5,6\n", "a b;x c", "[1 2 3]", "CSV with a header, delimiter ','"},
		{"a year is a name", "name,2019,2020\n1,2,3\n", "name 2019 2020", "[1 2 3]", "CSV with a header, delimiter ','"},
		{"pandas's index", ",x\n0,1.5\n", "c1 x", "[0 1.5]", "CSV with a header, delimiter ','"},
		{"pandas's numbered columns", "0,1,2\n0.5,1,2\n", "0 1 2", "[0.5 1 2]", "CSV with a header, delimiter ','"},
		{"forms of numbers", "+1,.5,1e3,-0.5E-2\n1,2,3,4\n", "c1 c2 c3 c4", "[1 0.5 1000 -0.005]", "CSV without a header, delimiter ','"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := newReader(fromBytes("a.csv", []byte(tt.text)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.readAll()
			if err != nil {
				t.Fatal(err)
			}
			if s := strings.Join(got.Columns, " "); s != tt.columns || fmt.Sprint(got.Rows[0]) != tt.first || got.Format != tt.format {
				t.Errorf("got %q, %v, %s", s, got.Rows[0], got.Format)
			}
		})
	}
}

// The last column, of text in every row, is no header's doing (UCI's iris), and
// hurts nobody who leaves it out.
func TestTextWithoutHeader(t *testing.T) {
	r := must(newReader(fromBytes("iris.data", []byte("5.1,3.5,setosa\n4.9,3.0,setosa\n\n")), Options{Exclude: []string{"3"}, Keep: []string{"c3"}}))
	got, err := r.readAll()
	if err != nil || fmt.Sprint(got.Rows, got.Text, got.Lines) != "[[5.1 3.5] [4.9 3]] [[setosa] [setosa]] [1 2]" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestHeaderByOption(t *testing.T) {
	r := must(newReader(fromBytes("a.csv", []byte("1,2\n3,4\n")), Options{Header: HeaderYes, Columns: []string{"2"}}))
	if got := must(r.readAll()); got.Columns[0] != "2" || fmt.Sprint(got.Rows) != "[[4]]" { // the name goes first
		t.Errorf("got %+v", got)
	}
	r = must(newReader(fromBytes("a.csv", []byte("1|2\n3|4\n")), Options{Delimiter: '|'}))
	if got := must(r.readAll()); fmt.Sprint(got.Rows) != "[[1 2] [3 4]]" {
		t.Errorf("got %+v", got)
	}
}

func TestMissingRules(t *testing.T) {
	const text = "x,y,z\n1,2,a\n,3,b\n4,#N/A,c\n5,6,\nNone,<NA>,e\n7,8,f\n"
	for _, chunk := range []int{0, 1, 2, 3, 4} {
		o := Options{Columns: []string{"x", "y"}, Keep: []string{"z"}, Missing: MissingDrop, chunkRows: chunk}
		got := must(must(newReader(fromBytes("a.csv", []byte(text)), o)).readAll())
		if s := fmt.Sprint(got.Rows, got.Text, got.Lines, got.Dropped); s != "[[1 2] [5 6] [7 8]] [[a] [] [f]] [2 5 7] 3" {
			t.Errorf("dropped, chunks of %d: got %s", chunk, s)
		}
		o.Missing = MissingKeep
		got = must(must(newReader(fromBytes("a.csv", []byte(text)), o)).readAll())
		if s := fmt.Sprint(got.Rows, got.Lines, got.Dropped); s != "[[1 2] [NaN 3] [4 NaN] [5 6] [NaN NaN] [7 8]] [2 3 4 5 6 7] 3" {
			t.Errorf("kept, chunks of %d: got %s", chunk, s)
		}
	}
}

// Rows before an error are handed out, whatever the chunks.
func TestRowsBeforeAnError(t *testing.T) {
	for _, text := range []string{"x\n1\n2\n3\nabc\n5\n", "x\n1\n2\n3\nNA\n5\n", "x\n1\n2\n3\ninf\nNA\n", "x\n1\n2\n3\n4,5\n"} {
		for _, chunk := range []int{0, 1, 2, 3} {
			r := must(newReader(fromBytes("a.csv", []byte(text)), Options{chunkRows: chunk}))
			n := 0
			var err error
			for err == nil {
				var c *Chunk
				if c, err = r.Next(); err == nil {
					n += c.Len()
				}
			}
			if _, again := r.Next(); n != 3 || !strings.Contains(err.Error(), "line 5") || again != err {
				t.Errorf("%q in chunks of %d: got %d rows, then %v, then %v", text, chunk, n, err, again)
			}
		}
	}
}
