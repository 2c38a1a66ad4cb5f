package imageflow

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

// around has the density of independent exponentials of rate class+1 for pictures of two
// pixels, followed by one of three classes.
type around struct{}

func (around) rate(class []float64) float64 { return 1 + class[1] + 2*class[2] }

func (a around) LogProbTo(dst []float64, x *mat.Dense) error {
	for i := range dst {
		row := x.RawRowView(i)
		rate := a.rate(row[2:])
		dst[i] = 2*math.Log(rate) - rate*(row[0]+row[1])
	}
	return nil
}

// The density of the mixture, and the probability of each class, are those of the formulas
// written out.
func TestMixture(t *testing.T) {
	m := Mixture{around{}, []float64{0.5, 0.3, 0.2}}
	s := &imageset.Set{Shape: imagelayer.Shape{Height: 1, Width: 2, Channels: 1}, Levels: 3, Pixels: []byte{0, 1, 2, 2, 0, 0}}
	const draws = 3
	b, classes, err := m.Score(s, draws, 5)
	if err != nil || b.Draws != draws || len(classes) != 3 {
		t.Fatal(b, classes, err)
	}
	for i := range s.Len() {
		var bits, sum float64
		logs := make([]float64, 3)
		for draw := range int64(draws) {
			x := s.Dequantized(1, 0, 5+draw<<32)[i]
			q := 0.0
			for c, share := range m.Shares {
				rate := float64(c + 1)
				density := rate * rate * math.Exp(-rate*(x[0]+x[1]))
				q += share * density
				logs[c] += math.Log(share*density) / draws
			}
			bits -= math.Log2(q) / 2 / draws
		}
		if math.Abs(b.Each[i]-bits) > 1e-12 {
			t.Errorf("picture %d costs %g, expected %g", i, b.Each[i], bits)
		}
		for _, l := range logs {
			sum += math.Exp(l)
		}
		for c, l := range logs {
			if want := math.Exp(l) / sum; math.Abs(classes[i][c]-want) > 1e-12 {
				t.Errorf("picture %d is of class %d with probability %g, expected %g", i, c, classes[i][c], want)
			}
		}
	}
}
