package imagefit

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

// smooth is a density that is high where pixels are like those before them: the rows of
// pictures are random walks with steps of deviation 1.
type smooth struct{ width int }

func (s smooth) LogProbTo(dst []float64, x *mat.Dense) error {
	for i := range dst {
		dst[i] = 0
		row := x.RawRowView(i)
		for j := range row {
			if j%s.width > 0 {
				dst[i] -= (row[j] - row[j-1]) * (row[j] - row[j-1]) / 2
			}
		}
	}
	return nil
}

// A pixel between two others of level 8 that is 16 is 8 from its conditional mean, where
// both steps of 8 vanish: a gain of 64 nats. The exactness is that of the arithmetic.
func TestHeatIsTheGainOfAPixel(t *testing.T) {
	s := &imageset.Set{Shape: imagelayer.Shape{Height: 1, Width: 5, Channels: 1}, Levels: 17, Pixels: []byte{8, 8, 16, 8, 8}}
	heat, err := Heat(smooth{5}, s)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0, 16, 64, 16, 0} // its neighbors would gain by going halfway: 32 less 2·8
	if !floats.EqualApprox(heat[0], want, 1e-12) {
		t.Errorf("got %v, want %v", heat[0], want)
	}
}

// Of pictures with one pixel damaged almost all are hottest there, and the channels of a
// pixel are one place.
func TestHeatFindsDamage(t *testing.T) {
	const width, count = 6, 40
	rng := rand.New(rand.NewPCG(1, 2))
	s := &imageset.Set{Shape: imagelayer.Shape{Height: 1, Width: width, Channels: 3}, Levels: 256}
	var damaged []int
	for i := range count {
		at := rng.IntN(width)
		damaged = append(damaged, at)
		for range 3 * width {
			s.Pixels = append(s.Pixels, byte(128+rng.IntN(20)))
		}
		s.Picture(i)[3*at+rng.IntN(3)] = 255
	}
	heat, err := Heat(smooth{3 * width}, s)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i, h := range heat {
		if len(h) != width || math.IsNaN(floats.Sum(h)) {
			t.Fatalf("%v", h)
		}
		if floats.MaxIdx(h) == damaged[i] {
			found++
		}
	}
	if found < count*9/10 {
		t.Errorf("%d of %d found", found, count)
	}
}
