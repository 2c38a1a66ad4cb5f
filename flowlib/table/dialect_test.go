package table

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

func utf16Of(text string, high, low int) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		pair := [2]byte{}
		pair[high], pair[low] = byte(u>>8), byte(u)
		b = append(b, pair[:]...)
	}
	return b
}

// However a text is written, the table is the same.
func TestDialects(t *testing.T) {
	const text = "x,y\n1.5,-2\n3,4\n"
	for name, in := range map[string]struct {
		text string
		o    Options
	}{
		"comma":                       {text, Options{}},
		"pipe":                        {strings.ReplaceAll(text, ",", "|"), Options{}},
		"pipe, decimal comma":         {"x|y\n1,5|-2\n3|4\n", Options{}},
		"tab, decimal comma":          {"x\ty\n1,5\t-2\n3\t4\n", Options{}},
		"decimal comma in quotes":     {"x,y\n\"1,5\",-2\n3,4\n", Options{Decimal: ','}},
		"aligned blanks":              {"     x    y\n   1.5   -2\n     3    4\n", Options{}},
		"blanks, named":               {"x y\n1.5 \t -2  \n3  4\n", Options{Delimiter: Blanks}},
		"blanks and quotes":           {"\"x\"   \"y\"\n1.5   -2\n3 4\n", Options{}},
		"sep":                         {"sep=;\r\nx;y\r\n1,5;-2\r\n3;4\r\n", Options{}},
		"sep in quotes, filled up":    {"\"sep=,\",\nx,y\n1.5,-2\n3,4\n", Options{}},
		"comments at the top":         {"# made by hand\n# in 2024, in May\n" + text, Options{}},
		"NumPy's header":              {"# x,y\n1.5,-2\n3,4\n", Options{}},
		"NumPy's header, blanks":      {"# made by\n# x y\n1.5 -2\n3 4\n", Options{}},
		"comments anywhere":           {"%\nx,y\n1.5,-2\n% half\n3,4\n", Options{Comment: '%'}},
		"blank before a quote":        {"\"x\", \"y\"\n\"1.5\", \"-2\"\n\"3\", \"4\"\n", Options{}},
		"UTF-8 with a mark":           {"\ufeff" + text, Options{}},
		"UTF-16 little, no mark":      {string(utf16Of(text, 1, 0)), Options{}},
		"UTF-16 big, no mark":         {string(utf16Of(text, 0, 1)), Options{}},
		"UTF-16 little, with a mark":  {string(utf16Of("\ufeff"+text, 1, 0)), Options{}},
		"UTF-16 big, with mark, sep=": {string(utf16Of("\ufeffsep=;\n"+strings.ReplaceAll(text, ",", ";"), 0, 1)), Options{}},
	} {
		for _, chunk := range []int{0, 1} {
			in.o.chunkRows = chunk
			r, err := newReader(fromBytes("t.csv", []byte(in.text)), in.o)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			got, err := r.readAll()
			if err != nil || fmt.Sprint(got.Columns, got.Rows) != "[x y] [[1.5 -2] [3 4]]" {
				t.Errorf("%s: got %+v, %v", name, got, err)
			}
			if want := int64(strings.Count(strings.ReplaceAll(in.text, "\x00", ""), "\n")); err == nil && got.Lines[1] != want {
				t.Errorf("%s: the last row is line %d, want %d", name, got.Lines[1], want)
			}
		}
	}
}

func TestMarksOfMissingValues(t *testing.T) {
	r, err := newReader(fromBytes("t.csv", []byte("x,y\n1,-\n-999,4\n5,6\n")), Options{NA: []string{"-", "-999"}, Missing: MissingDrop})
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.readAll()
	if err != nil || len(got.Rows) != 1 || got.Dropped != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBooleansAreNumbers(t *testing.T) {
	r, err := newReader(fromBytes("t.csv", []byte("x,y\nTrue,1\nFALSE,2\ntrue,3\n")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.readAll()
	if err != nil || fmt.Sprint(got.Rows) != "[[1 1] [0 2] [1 3]]" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCommentsAndDelimitersDiffer(t *testing.T) {
	if got := message(fromBytes("t.csv", []byte("x,y\n1,2\n")), Options{Comment: ','}); got != "t.csv: Comment: ',' cannot begin a comment here: expected another character, such as #" {
		t.Error(got)
	}
}
