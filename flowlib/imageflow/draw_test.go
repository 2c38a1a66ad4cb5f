package imageflow

import (
	"bytes"
	"iter"
	"math"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

// A new flow draws each pixel as the histogram of the pictures has it, and nothing beyond
// it: one that is always black stays black.
func TestDrawsTheHistograms(t *testing.T) {
	c := Glow(imagelayer.Shape{Height: 2, Width: 2, Channels: 1}, 4)
	c.Classes = 2
	m, err := c.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &imageset.Set{Shape: c.Image, Levels: 4}
	for i := range byte(200) { // always 0, always 3, uniform, mostly 1
		s.Pixels = append(s.Pixels, 0, 3, i%4, 1+i%8/7)
	}
	if err := c.start(m, s); err != nil {
		t.Fatal(err)
	}
	const n = 4096
	drawn, outside, err := c.Draw(m, flow.Sampling{Count: n, Seed: 1, Context: c.Context(1)})
	if err != nil || outside != 0 || drawn.Len() != n || drawn.Labels[n-1] != 1 {
		t.Fatalf("%d of %d pictures, %d numbers outside, %v", drawn.Len(), n, outside, err)
	}
	for pixel, want := range [][]float64{{1, 0, 0, 0}, {0, 0, 0, 1}, {0.25, 0.25, 0.25, 0.25}, {0, 0.875, 0.125, 0}} {
		var found [4]float64
		for i := range n {
			found[drawn.Picture(i)[pixel]] += 1.0 / n
		}
		for level := range found {
			// A tenth of a picture more, and four standard errors.
			if p := want[level]; !(math.Abs(found[level]-p) <= 0.1/200+4*math.Sqrt((p*(1-p)+0.002)/n)) {
				t.Errorf("pixel %d is %d in %.4f of the draws, expected %.4f", pixel, level, found[level], p)
			}
		}
		if pixel < 2 && !(found[3*pixel] >= 0.999) {
			t.Errorf("pixel %d, always the same, is so in %.4f of the draws", pixel, found[3*pixel])
		}
	}
}

// Pictures come back through the latents: within 10⁻⁴ as float32 promises, and levels that
// were never seen within as much of their intervals, 6·10⁻⁶ wide, as a step of float32 below
// 1 is: a hundredth of a level. On XLA erf and the 1×1 convolutions round once more each.
func TestPicturesComeBack(t *testing.T) {
	c := Glow(imagelayer.Shape{Height: 2, Width: 2, Channels: 1}, 17)
	m, err := c.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	seen := &imageset.Set{Shape: c.Image, Levels: 17, Pixels: bytes.Repeat([]byte{0, 0, 16, 3}, 1000)}
	if err := c.start(m, seen); err != nil {
		t.Fatal(err)
	}
	other := &imageset.Set{Shape: c.Image, Levels: 17, Pixels: []byte{0, 0, 16, 3, 0, 16, 0, 8, 5, 9, 1, 0}}
	rows := other.Dequantized(20, 0, 1)
	// Not even the last number of the last bin has a density of zero.
	last := [][]float64{{17, 17, 17, 17}, {16.999999, 16.9999, 16.99, 16.9}, {0, 0, 0, 0}}
	logProb, err := m.LogProb(last)
	if err != nil {
		t.Fatal(err)
	}
	for i, lp := range logProb {
		if math.IsInf(lp, 0) || math.IsNaN(lp) {
			t.Errorf("%v has log-density %g", last[i], lp)
		}
	}
	states, err := m.Inverse(rows)
	if err != nil {
		t.Fatal(err)
	}
	back, err := m.Forward(states[len(states)-1])
	if err != nil {
		t.Fatal(err)
	}
	unseen := 0.0102 // 2⁻²⁴ over the interval
	if backend.Name(m.Backend()) != "go" {
		unseen *= 3
	}
	for i, row := range back[len(back)-1] {
		for d, v := range row {
			tolerance := unseen
			if seen.Pixels[d] == other.Picture(i % 3)[d] {
				tolerance = 1e-4 * max(1, rows[i][d])
			}
			if !(math.Abs(v-rows[i][d]) <= tolerance) {
				t.Errorf("row %d, pixel %d: %g came back as %g", i, d, rows[i][d], v)
			}
		}
	}
}

type broken struct{}

func (broken) DrawChunks(flow.Sampling) iter.Seq2[flow.Draws, error] {
	return func(yield func(flow.Draws, error) bool) {
		yield(flow.Draws{X: [][]float64{{0, -0.5, math.NaN(), 1}}}, nil)
	}
}

func TestDrawsNoNaN(t *testing.T) {
	c := Glow(imagelayer.Shape{Height: 2, Width: 2, Channels: 1}, 4)
	if _, _, err := c.Draw(broken{}, flow.Sampling{Count: 1}); err == nil {
		t.Error("a picture with NaN is drawn")
	}
}
