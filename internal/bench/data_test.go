package bench

import (
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
)

// The file holds what was drawn, to the last bit of a float32.
func TestDataComesBack(t *testing.T) {
	data, _ := written(t)
	points, _, err := ReadPoints(data)
	if err != nil {
		t.Fatal(err)
	}
	density, err := dataset.ByName(Density)
	if err != nil {
		t.Fatal(err)
	}
	want := density.Sample(3, Points)
	if len(points) != 2*Points {
		t.Fatalf("got %d numbers", len(points))
	}
	for i, row := range want {
		if points[2*i] != float32(row[0]) || points[2*i+1] != float32(row[1]) {
			t.Fatalf("row %d is %v, drawn was %v", i, points[2*i:2*i+2], row)
		}
	}
}

func TestReadPointsNamesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "expected the header x,y",
		"a,b\n1,2\n":        `"a,b", expected the header`,
		"x,y\n":             "no row",
		"x,y\n1,2\n1\n":     "line 3",
		"x,y\n1,2\n3,dog\n": `line 3, column 2 is "dog"`,
		"x,y\nNaN,2\n":      `line 2, column 1 is "NaN"`,
		"x,y\n1,1e99\n":     `column 2 is "1e99"`,
	} {
		if _, _, err := readPoints(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
	missing := filepath.Join(t.TempDir(), "none.csv")
	if _, _, err := ReadPoints(missing); err == nil || !strings.Contains(err.Error(), "flow bench-data") {
		t.Errorf("a missing file: got %v", err)
	}
}

func TestRepeat(t *testing.T) {
	if got := repeat([]float32{1, 2, 3, 4}, 6); len(got) != 6 || got[4] != 1 || got[5] != 2 {
		t.Errorf("got %v", got)
	}
}
