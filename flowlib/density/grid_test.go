package density

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// ramp has the density x + 2y on the unit square, whose integral is 1.5 by midpoints too.
type ramp struct{}

func (ramp) LogProbTo(dst []float64, x *mat.Dense) error {
	for i := range dst {
		dst[i] = math.Log(x.At(i, 0) + 2*x.At(i, 1))
	}
	return nil
}

func TestGrid(t *testing.T) {
	g, err := NewGrid(ramp{}, [][2]float64{{0, 1}, {0, 1}}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Values[1][3]; !(math.Abs(got-(0.875+2*0.375)) < 1e-12) {
		t.Errorf("row 1, column 3 is %g, want 1.625", got)
	}
	if got := g.Sum(); !(math.Abs(got-1.5) < 1e-12) {
		t.Errorf("integral %g, want 1.5", got)
	}
	for want, box := range map[string][][2]float64{
		"needs 2 features": {{0, 1}},
		"is NaN":           {{-1, 0}, {-1, 0}},
	} {
		if _, err := NewGrid(ramp{}, box, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if _, err := NewGrid(ramp{}, [][2]float64{{0, 1}, {0, 1}}, 0); err == nil {
		t.Error("no cell was accepted")
	}
}
