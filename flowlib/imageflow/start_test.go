package imageflow

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
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

// Large pictures set what depends on data, once and from a few of them; small ones leave it to
// the training.
func TestFewLargePicturesInitialize(t *testing.T) {
	weights := func(m *flow.Model) []flow.Weight {
		w, err := m.Weights()
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	for side, large := range map[int]bool{8: false, 32: true} {
		s := (imageset.Texture{Height: side, Width: side, Levels: 5}).Draw(1, 300)
		c := Glow(s.Shape, s.Levels)
		c.Steps, c.Scales, c.Net = 1, 1, imagelayer.Net{Width: 2}
		m, err := c.NewModel(backendtest.Open(t))
		if err != nil {
			t.Fatal(err)
		}
		before := weights(m)
		if err := c.initialize(m, s, 1); err != nil {
			t.Fatal(err)
		}
		after := weights(m)
		if reflect.DeepEqual(before, after) == large {
			t.Errorf("pictures of %d×%d: set %t, expected %t", side, side, !large, large)
		}
		if err := m.Initialize(s.Dequantized(1, 0, 2)); err != nil {
			t.Fatal(err)
		}
		if reflect.DeepEqual(after, weights(m)) != large {
			t.Errorf("pictures of %d×%d: set again %t, expected %t", side, side, large, !large)
		}
	}
}
