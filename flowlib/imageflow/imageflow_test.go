package imageflow_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/imageflow"
	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

func TestMain(m *testing.M) { backendtest.Main(m) }

var texture = imageset.Texture{Height: 4, Width: 4, Levels: 5}

// small is a flow over the texture with every kind of layer.
func small(classes int) imageflow.Config {
	c := imageflow.Glow(imagelayer.Shape{Height: 4, Width: 4, Channels: 1}, 5)
	c.Steps, c.Net, c.Classes, c.Noise = 1, imagelayer.Net{Width: 6, Blocks: 1}, classes, 2
	return c
}

// labelled gives pictures the parity of their first pixel as class.
func labelled(s *imageset.Set) *imageset.Set {
	for i := range s.Len() {
		s.Labels = append(s.Labels, int(s.Picture(i)[0])%2)
	}
	return s
}

// The couplings of all scales count: two of a checkerboard, one step at each of two
// scales, and the prior of what leaves between them.
func TestCouplings(t *testing.T) {
	f, err := small(0).Flow()
	if err != nil {
		t.Fatal(err)
	}
	if n := f.Couplings(); n != 5 {
		t.Errorf("%d couplings, expected 5", n)
	}
}

// A short training comes closer to the entropy, and stays above it. Afterwards the model
// is saved, loaded, and the same.
func TestFit(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short")
	}
	b, c := backendtest.Open(t), small(2)
	train, valid := labelled(texture.Draw(1, 200)), labelled(texture.Draw(2, 200))
	training := imageflow.Training(1)
	training.Steps, training.BatchSize, training.EvalEvery, training.WarmUp, training.LearningRate = 40, 32, 20, 5, 1e-2
	var curve []float64
	m, _, err := imageflow.Fit(context.Background(), b, c, train, valid, training, func(p fit.Point, _ fit.Config) {
		curve = append(curve, c.BitsPerDim(p.Valid))
	})
	if err != nil {
		t.Fatal(err)
	}
	bits, err := imageflow.Score(m, valid, 2, 4, 7)
	if err != nil {
		t.Fatal(err)
	}
	least := c.BitsPerDim(texture.Entropy())
	t.Logf("valid %.3f, scored %.3f ± %.3f, entropy %.3f", curve, bits.PerDim, bits.StdErr, least)
	// The pixels alone have ln 5; the class tells a little of one pixel.
	if uniform := math.Log2(5); !(bits.PerDim < uniform-0.02) || !(bits.PerDim > least-0.1) || !(curve[len(curve)-1] < curve[0]) {
		t.Errorf("%.3f bits per dimension, expected less than %.3f and more than %.3f; on the way %.3f", bits.PerDim, uniform, least, curve)
	}

	dir := t.TempDir() + "/model"
	if err := m.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	again, err := flow.Load(b, dir)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := imageflow.Score(again, valid, 2, 4, 7); err != nil || same.PerDim != bits.PerDim {
		t.Errorf("after loading %g bits per dimension, before %g: %v", same.PerDim, bits.PerDim, err)
	}
}

// A flow of histograms that depend on coarser pixels learns more of the same pictures in as
// many steps.
func TestPyramid(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short")
	}
	b, train, valid := backendtest.Open(t), texture.Draw(1, 2000), texture.Draw(2, 400)
	glow := small(0)
	pyramid := imageflow.Pyramid(glow.Image, glow.Levels)
	pyramid.Pyramid.Width, pyramid.Net.Width = 8, 6
	training := imageflow.PyramidTraining(1)
	training.Steps, training.EvalEvery, training.WarmUp = 60, 60, 5
	bits := map[bool]float64{}
	for isPyramid, c := range map[bool]imageflow.Config{false: glow, true: pyramid} {
		m, _, err := imageflow.Fit(context.Background(), b, c, train, valid, training, nil)
		if err != nil {
			t.Fatal(err)
		}
		found, err := imageflow.Score(m, valid, 0, 4, 7)
		if err != nil {
			t.Fatal(err)
		}
		bits[isPyramid] = found.PerDim
		if drawn, outside, err := c.Draw(m, flow.Sampling{Count: 50}); err != nil || outside > 0 || drawn.Len() != 50 {
			t.Errorf("%d draws, %d numbers of them beyond the levels: %v", drawn.Len(), outside, err)
		}
	}
	entropy := pyramid.BitsPerDim(texture.Entropy())
	t.Logf("%.3f bits per dimension, %.3f without; entropy %.3f", bits[true], bits[false], entropy)
	if !(bits[true] < bits[false]-0.05) || !(bits[true] > entropy) {
		t.Errorf("%.3f bits per dimension, and %.3f without, expected less, and more than the entropy of %.3f", bits[true], bits[false], entropy)
	}
}

// calls counts them, and says of every row its first number.
type calls []int

func (c *calls) LogProb(rows [][]float64) ([]float64, error) {
	*c = append(*c, len(rows))
	out := make([]float64, len(rows))
	for i, row := range rows {
		out[i] = row[0]
	}
	return out, nil
}

// However many draws are judged at a time, each picture gets the mean of its own.
func TestScoreTakesDrawsTogether(t *testing.T) {
	for pictures, want := range map[int][]int{1: {1, 1, 1}, 30: {60, 30}, 100: {300}, 2000: {4000, 2000}} {
		var c calls
		s := texture.Draw(1, pictures)
		bits, err := imageflow.Score(&c, s, 0, 3, 5)
		if err != nil || !slices.Equal(c, want) {
			t.Errorf("%d pictures in calls of %v rows, %v: expected %v", pictures, c, err, want)
		}
		for i, found := range bits.Each {
			mean := 0.0
			for draw := range int64(3) {
				mean += s.Dequantized(1, 0, 5+draw<<32)[i][0] / 3
			}
			if !(math.Abs(found+mean/(16*math.Ln2)) < 1e-12) {
				t.Fatalf("picture %d of %d: %g, expected %g", i, pictures, found, -mean/(16*math.Ln2))
			}
		}
	}
}

// uniform is the density of 16 pixels of 8 levels that all are equally likely.
type uniform struct{}

func (uniform) LogProb(rows [][]float64) ([]float64, error) {
	out := make([]float64, len(rows))
	for i := range out {
		out[i] = -16 * math.Log(8)
	}
	return out, nil
}

func TestBitsOfUniformPixels(t *testing.T) {
	bits, err := imageflow.Score(uniform{}, texture.Draw(1, 10), 0, 3, 1)
	if err != nil || !(math.Abs(bits.PerDim-3) < 1e-12) || !(bits.StdErr < 1e-12) || len(bits.Each) != 10 || bits.Draws != 3 {
		t.Errorf("%+v, %v: expected 3 bits", bits, err)
	}
}

func TestRefuses(t *testing.T) {
	b, s := backendtest.Open(t), texture.Draw(1, 10)
	odd, levels, none, other := small(0), small(0), small(0), small(0)
	without := imageflow.Pyramid(texture.Draw(1, 1).Shape, 5)
	without.Gray = 0
	negative, uneven := imageflow.Pyramid(texture.Draw(1, 1).Shape, 5), imageflow.Pyramid(imagelayer.Shape{Height: 7, Width: 7, Channels: 1}, 5)
	negative.Pyramid.Width = -32
	odd.Image.Width, levels.Levels, none.Scales, other.Image.Channels = 5, 1, 0, 2
	for want, c := range map[string]imageflow.Config{
		"an even number of rows and columns":  odd,
		"1 levels, expected 2 to 256":         levels,
		"0 scales of 1 steps, expected 1":     none,
		"expected 4×4, 2 and at most 5":       other,
		"with 0 bins of":                      without,
		"1 blocks of -32 channels":            negative,
		"rows and columns, found 7×7":         uneven,
		"pictures without labels for a flow ": small(2),
	} {
		if _, _, err := imageflow.Fit(context.Background(), b, c, s, s, imageflow.Training(1), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}
