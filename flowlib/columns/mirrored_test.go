package columns

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// A column of negative numbers is treated as the positive one without its sign, on a grid
// too, and no draw is above 0.
func TestColumnsBelowZero(t *testing.T) {
	for _, truth := range truths(rand.NewPCG(5, 4)) {
		for _, step := range []float64{0, 1} {
			var values, negative []float64
			for range 3000 {
				v := truth.dist.Rand()
				if step > 0 {
					v = math.Floor(v)
				}
				values, negative = append(values, v), append(negative, 0-v)
			}
			want, err := Choose("x", values, step, "")
			if err != nil {
				t.Fatal(err)
			}
			got, err := Choose("x", negative, step, "")
			if err != nil {
				t.Fatal(err)
			}
			if want.Column.Kind != Positive && want.Column.Kind != Bounded {
				if got.Column.Mirrored {
					t.Errorf("%s below 0 is %s, above %s", truth.name, got.Why, want.Why)
				}
				continue
			}
			want.Column.Mirrored = true
			if got.Column != want.Column || !strings.HasPrefix(got.Why, "without its sign ") {
				t.Errorf("%s below 0 is %+v (%s), expected %+v", truth.name, got.Column, got.Why, want.Column)
			}
			if err := got.Column.Check(); err != nil {
				t.Error(err)
			}
			for range 1000 {
				if x := got.Column.Inverse(10 * distuv.UnitNormal.Rand()); !(x <= step/2) {
					t.Fatalf("%s: drew %g", truth.name, x)
				}
			}
		}
	}
}

// A mirrored map is that of -x to -y, to the last bit.
func TestMirroredMaps(t *testing.T) {
	for _, m := range maps {
		c := m.column
		if c.Kind != Positive && c.Kind != Bounded {
			c.Mirrored = true
			if c.Check() == nil {
				t.Errorf("%+v passes", c)
			}
			continue
		}
		c.Mirrored = true
		if err := c.Check(); err != nil {
			t.Error(err)
		}
		for _, x := range append([]float64{c.Low, c.Low - 1, c.High}, m.x...) {
			y, logDet := c.Forward(-x)
			wantY, want := m.column.Forward(x)
			if y != -wantY || logDet != want || c.Inverse(y) != -m.column.Inverse(wantY) {
				t.Errorf("%+v: Forward(%g) = %g, %g, expected %g, %g", c, -x, y, logDet, -wantY, want)
			}
		}
	}
}
