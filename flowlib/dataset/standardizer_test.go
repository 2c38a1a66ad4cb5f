package dataset

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestStandardizer(t *testing.T) {
	s, err := NewStandardizer([][]float64{{0, 10}, {2, 10.5}, {4, 11}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Mean, []float64{2, 10.5}) || !slices.Equal(s.Std, []float64{2, 0.5}) {
		t.Errorf("got %+v", s)
	}
	for want, rows := range map[string][][]float64{
		"column 1":             {{0, 5}, {1, 5}},
		"at least 2":           {{0, 5}},
		"row 1 has 1 features": {{0, 5}, {1}},
		"row 1, column 0":      {{0, 5}, {math.Inf(1), 6}},
	} {
		if _, err := NewStandardizer(rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want an error with %q", rows, err, want)
		}
	}
}

// Means far from 0, and sizes whose squares are no float64s, cost no digits; what
// float64 itself cannot part is refused.
func TestStandardizerOfAnySize(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, at := range [][2]float64{{1e12, 1e-1}, {-1.76e9, 1e-4}, {52.5, 1e-4}, {0, 1e300}, {2e300, 1e299}, {1e-300, 1e-301}, {0, 1}} {
		mean, std := at[0], at[1]
		rows := make([][]float64, 10000)
		for i := range rows {
			rows[i] = []float64{mean + std*rng.NormFloat64()}
		}
		s, err := NewStandardizer(rows)
		if err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(s.Mean[0]-mean) <= 0.04*std) || !(math.Abs(s.Std[0]-std) <= 0.04*std) {
			t.Errorf("got %+v, want %g and %g", s, mean, std)
		}
		if got, want := s.LogDet(), -math.Log(s.Std[0]); got != want {
			t.Errorf("log-determinant %g, want %g", got, want)
		}
		sum, squares, u, x := 0.0, 0.0, []float64{0}, []float64{0}
		for _, row := range rows {
			s.Apply(u, row)
			s.Invert(x, u)
			if step := math.Nextafter(math.Abs(row[0]), math.Inf(1)) - math.Abs(row[0]); !(math.Abs(x[0]-row[0]) <= 4*max(step, 1e-16*math.Abs(mean)+1e-16*std)) {
				t.Fatalf("%.17g there and back is %.17g", row[0], x[0])
			}
			sum, squares = sum+u[0], squares+u[0]*u[0]
		}
		if n := float64(len(rows)); !(math.Abs(sum/n) <= 1e-3) || !(math.Abs(squares/(n-1)-1) <= 1e-3) {
			t.Errorf("at %g ± %g: standardized to mean %g and variance %g", mean, std, sum/n, squares/(n-1))
		}
	}
	for want, rows := range map[string][][]float64{
		"it is 5 in all 2 rows":        {{5}, {5}},
		"neighbouring float64s are 16": {{1e17}, {1e17 + 16}, {1e17 + 32}},
		"standard deviation +Inf":      {{math.MaxFloat64}, {-math.MaxFloat64}},
	} {
		if _, err := NewStandardizer(rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	var none *Standardizer
	x := []float64{3, 4}
	none.Apply(x, x)
	none.Invert(x, x)
	if !slices.Equal(x, []float64{3, 4}) || none.LogDet() != 0 || none.Check(2) != nil {
		t.Errorf("nil is not the identity: %v", x)
	}
}
