package columns

import (
	"fmt"
	"math"
	"testing"
)

func TestApply(t *testing.T) {
	m := Map{{Kind: Positive}, {Kind: Continuous}, {Kind: Bounded, High: 1}}
	row := []float64{math.E, 4, 0.5}
	logDet := m.Apply(row, row)
	if want := -1 + 0.5*logTwoPi; fmt.Sprint(row) != "[1 4 0]" || !(math.Abs(logDet-want) < 1e-12) {
		t.Errorf("y = %v, log-derivative %g, want [1 4 0], %g", row, logDet, want)
	}
	m.Invert(row, row)
	if !(math.Abs(row[0]-math.E) < 1e-12) || row[1] != 4 || row[2] != 0.5 {
		t.Errorf("back: %v", row)
	}
	if logDet := m.Apply(row, []float64{-1, 4, 0.5}); !math.IsInf(logDet, -1) {
		t.Errorf("outside: %g", logDet)
	}
	if m.Identity() || !(Map{{}, {Kind: Continuous}}).Identity() || !Map(nil).Identity() {
		t.Error("Identity is wrong")
	}
}
