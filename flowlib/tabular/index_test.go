package tabular

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

// The index that pandas writes is no feature, unless it is named; rows to score may
// have it or not.
func TestIndexIsNoFeature(t *testing.T) {
	text := ",x,y\n"
	for i, row := range moons(1, 200) {
		text += fmt.Sprintf("%d,%g,%g\n", 2*i+i%3, row[0], row[1])
	}
	path := filepath.Join(t.TempDir(), "filtered.csv")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	quiet := func(table.Note) {}
	d, _, err := read([]string{path}, DefaultFit(), quiet)
	if err != nil || strings.Join(d.features, " ") != "x y" {
		t.Fatal(d, err)
	}
	d.treat(nil)
	if last := d.columns[2]; last.Column != "c1" || last.Role != roleLeftOut || fmt.Sprint(last.otherwise) != "[{to fit it, name it Columns []}]" {
		t.Errorf("got %+v", d.columns)
	}
	c := DefaultFit()
	c.Columns = []string{"c1", "x"}
	if d, _, err = read([]string{path}, c, quiet); err != nil || !slices.Equal(d.features, c.Columns) {
		t.Error(d, err)
	}
	c = DefaultFit()
	c.Exclude = []string{"c1"}
	if d, _, err = read([]string{path}, c, quiet); err != nil || len(d.features) != 2 || len(d.columns) != 1 {
		t.Error(d, err)
	}
	var m Matched
	got, err := match([]string{"x", "y"}, []string{"x", "y"}, false, nil, &m)([]table.Column{{Name: "c1", Index: true}, {Name: "x"}, {Name: "y"}, {Name: "z"}})
	if err != nil || !slices.Equal(got, []string{"x", "y"}) || !slices.Equal(m.Ignored, []string{"z"}) {
		t.Error(got, m, err)
	}
}
