package table

import (
	"errors"
	"slices"
	"testing"
)

// Choose sees every column, and settles which are read and in what order.
func TestChoose(t *testing.T) {
	const text = "a,b,c\n1,2,red\n3,4,blue\n"
	o := Options{Exclude: []string{"nowhere"}, Choose: func(all []Column) ([]string, error) {
		if got := names(all); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("was given %q", got)
		}
		all[0].Name = "changed"
		return []string{"b", "a"}, nil
	}}
	r, err := newReader(fromBytes("t.csv", []byte(text)), o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.readAll()
	if err != nil || !slices.Equal(got.Columns, []string{"b", "a"}) || !slices.Equal(got.Rows[1], []float64{4, 3}) {
		t.Errorf("got %+v, %v", got, err)
	}
	o.Choose = func([]Column) ([]string, error) { return nil, errors.New("has no column for me") }
	if got := message(fromBytes("t.csv", []byte(text)), o); got != "t.csv: has no column for me" {
		t.Errorf("got %s", got)
	}
	o.Choose = func([]Column) ([]string, error) { return []string{"q"}, nil }
	if got := message(fromBytes("t.csv", []byte(text)), o); got != `t.csv: Columns: there is no column "q"; there are: a, b, c` {
		t.Errorf("got %s", got)
	}
}
