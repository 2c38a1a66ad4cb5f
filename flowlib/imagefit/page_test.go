package imagefit

import (
	"strings"
	"testing"

	"normflow/flowlib/imageflow"
)

// The sentence says how the pictures compare with those held out, and never that of one is certain.
func TestVerdict(t *testing.T) {
	heldOut := []float64{1.9, 2, 2.1, 2}
	for want, each := range map[string][]float64{
		"cost as much":              {1.95, 2.05, 2},
		"cost more":                 {2.5, 2.6, 2.4},
		"simpler":                   {1.1, 1, 1.2},
		"25 % of those held out at": {2.05},
	} {
		s := &Scores{Bits: imageflow.Bits{Each: each}, PValue: []float64{0.25}}
		s.PerDim, s.StdErr = imageflow.Mean(each)
		if got := s.verdict(heldOut); !strings.Contains(got, want) || strings.Contains(got, "NaN") {
			t.Errorf("%v: %s", each, got)
		}
	}
	s := &Scores{Same: true, Bits: imageflow.Bits{Each: heldOut}}
	if got := s.verdict(heldOut); !strings.Contains(got, "fitted to these pictures") {
		t.Error(got)
	}
}
