package imageflow

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

// Before training, a pixel's histogram holds the frequencies of its levels, a
// tenth of a picture more, in equal parts.
func TestStartsAtHistograms(t *testing.T) {
	c := Glow(imagelayer.Shape{Height: 2, Width: 2, Channels: 1}, 4)
	m, err := c.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &imageset.Set{Shape: c.Image, Levels: 4, Pixels: []byte{0, 1, 2, 3, 0, 1, 2, 2}}
	if err := c.start(m, s); err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 1, 1}
	found := false
	for _, w := range weights {
		if strings.HasSuffix(w.Path, "/log_mass") {
			found = true
			for i, v := range w.Values {
				if !(math.Abs(math.Exp(v)-want[i]-0.025) < 1e-5) {
					t.Errorf("bin %d holds %g, expected %g", i, math.Exp(v), want[i]+0.025)
				}
			}
		}
	}
	if !found {
		t.Error("no histograms")
	}
}
