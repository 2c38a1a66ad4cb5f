package table

import (
	"fmt"
	"strings"
	"testing"
)

func TestTrailingDelimitersAndUnits(t *testing.T) {
	for name, text := range map[string]string{
		"trailing delimiters":               "x,y,\n1,2,\n3,4,\n",
		"trailing delimiters but the first": "x,y\n1,2,\n3,4,\n",
		"units":                             "x,y\nm,kg\n1,2\n3,4\n",
		"units of some":                     "x,y\nm,\n1,2\n3,4\n",
		"units, trailing":                   "x;y;\nm;kg;\n1;2;\n3;4;\n",
	} {
		for _, o := range []Options{{}, {chunkRows: 1}, {Settled: true}} {
			r, err := newReader(fromBytes("t.csv", []byte(text)), o)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got, err := r.readAll()
			if err != nil || fmt.Sprint(got.Columns, got.Rows) != "[x y] [[1 2] [3 4]]" {
				t.Errorf("%s: got %+v, %v", name, got, err)
				continue
			}
			if said := strings.Contains(fmt.Sprint(got.Notes, got.Format), "units"); said != strings.HasPrefix(name, "units") {
				t.Errorf("%s: notes %q, format %q", name, got.Notes, got.Format)
			}
		}
	}
}

// A first row of texts is no row of units if one of them comes again, or if all but one
// stand over texts.
func TestMarksAreNoUnits(t *testing.T) {
	if got := message(fromBytes("t.csv", []byte("a,x\nfoo,absent\nbar,3\nbaz,4\n")), Options{Columns: []string{"x"}}); !strings.Contains(got, `line 2, column "x": found "absent"`) {
		t.Error(got)
	}
	want := `t.csv: line 2, column "x": found "-", expected a number such as 12, -0.5 or 3e-7: correct it, say that it stands for a missing value (NA -), or leave the column out (Exclude x)`
	if got := message(fromBytes("t.csv", []byte("x,y\n-,-\n1,2\n-,3\n")), Options{}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
