package columns

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// Where formulas on paper or gonum have digits, they agree.
func TestKnownTails(t *testing.T) {
	for _, logT := range []float64{-20, -1, 0, 0.1, 1, 2, 5, 30, 200} {
		// Cauchy: P(T > t) = atan(1/t)/π.
		_, upper := newStudent(1).logTails(logT)
		if want := math.Log(math.Atan(math.Exp(-logT)) / math.Pi); !(math.Abs(upper-want) < 1e-13*max(1, math.Abs(want))) {
			t.Errorf("Cauchy, log t = %g: log-survival %g, want %g", logT, upper, want)
		}
		// Two degrees: P(|T| < t) = t/√(2+t²).
		inner, _ := newStudent(2).logTails(logT)
		if want := logT - 0.5*math.Log(2+math.Exp(2*logT)); !(math.Abs(inner-want) < 1e-13*max(1, math.Abs(want))) {
			t.Errorf("two degrees, log t = %g: log P(|T|<t) = %g, want %g", logT, inner, want)
		}
	}
	for _, nu := range []float64{0.3, 3, 12.5, 100} {
		d := distuv.StudentsT{Sigma: 1, Nu: nu}
		for _, x := range []float64{0.01, 0.5, 2.9, 3.1, 9} {
			_, upper := newStudent(nu).logTails(math.Log(x))
			if want := math.Log(d.CDF(-x)); !(math.Abs(upper-want) < 1e-11*max(1, math.Abs(want))) {
				t.Errorf("%g degrees at %g: log-survival %g, gonum %g", nu, x, upper, want)
			}
		}
	}
	for _, y := range []float64{0.1, 3, 19.99, 20.01, 37, 60, 1e4, 1e150} {
		if back := fromLogSurvival(logSurvival(y)); !(math.Abs(back-y) < 1e-13*max(y, 1/y)) {
			t.Errorf("log-survival of %g and back is %g", y, back)
		}
	}
}
