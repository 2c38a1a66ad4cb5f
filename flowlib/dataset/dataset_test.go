package dataset

import (
	"math"
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	rows := make([][]float64, 10)
	for i := range rows {
		rows[i] = []float64{float64(i)}
	}
	s, err := Split(rows, 1, 0.2, 0.3)
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(s.Train, s.Valid, s.Test)
	slices.SortFunc(all, func(a, b []float64) int { return int(a[0] - b[0]) })
	if len(s.Train) != 5 || len(s.Valid) != 2 || len(s.Test) != 3 || !slices.EqualFunc(all, rows, slices.Equal) {
		t.Errorf("got parts of %d, %d, %d holding %v", len(s.Train), len(s.Valid), len(s.Test), all)
	}
	for _, f := range [][2]float64{{0.5, 0.5}, {-0.1, 0}, {math.NaN(), 0}, {0.01, 0}} {
		if _, err := Split(rows, 1, f[0], f[1]); err == nil {
			t.Errorf("fractions %v were accepted", f)
		}
	}
}
