package pictures

import (
	"math"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/figure"
	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
	"normflow/notebooks/nb"
)

func TestMain(m *testing.M) { backendtest.Main(m) }

// small trains a flow of two classes over textures of 4×4 pixels.
func small(t *testing.T, classes int) Fitted {
	t.Helper()
	if testing.Short() {
		t.Skip("convolutions take a minute under the race detector")
	}
	t.Setenv("FLOW_RUNS", t.TempDir())
	t.Setenv("GOMLX_BACKEND", "go")
	texture := imageset.Texture{Height: 4, Width: 4, Levels: 5}
	of := func(seed int64, n int) *imageset.Set {
		s := texture.Draw(seed, n)
		for i := range n {
			s.Labels = append(s.Labels, i%2)
		}
		return s
	}
	return Fit(Parts{of(1, 64), of(2, 10), of(3, 5)}, classes, 2) // few enough that all are scored at once
}

func draw(t *testing.T, panels ...figure.PicturePanel) {
	t.Helper()
	if _, err := figure.Pictures(nb.Info("digits"), 4, panels...); err != nil {
		t.Error(err)
	}
}

// A flow is trained once; what it draws, redraws and finds strange can be drawn.
func TestFromTrainingToPictures(t *testing.T) {
	f := small(t, 0)
	if again := Fit(f.Parts, 0, 2); again.Dir != f.Dir || again.Result.Seconds != f.Result.Seconds || again.Test.PerDim != f.Test.PerDim || len(again.Growth) != len(f.Growth) {
		t.Errorf("trained again: %+v", again)
	}
	if chart := f.LearningChart(); len(chart.Lines[1].XY) != len(f.Result.Curve) || !(chart.Lines[1].XY[0][1] < 6) {
		t.Errorf("%v", chart)
	}
	if len(f.Growth) == 0 || f.Growth[len(f.Growth)-1].Step != 2 {
		t.Errorf("growth %v", f.Growth)
	}
	picture := f.Parts.Test.Picture(0)
	draw(t, f.GrowthPanel())
	draw(t, f.Temperatures(3, 0.5, 1))
	draw(t, f.Pyramid(picture)...)
	between := f.Between(picture, f.Parts.Test.Picture(1), 4)
	draw(t, between...)
	for _, path := range between {
		if len(path.Pictures) != 4 {
			t.Errorf("%d pictures on the way", len(path.Pictures))
		}
		for end, i := range map[int]int{0: 0, 3: 1} { // there and back, by the middle of each level
			if want := ink(f.Parts.Test)[i]; !slices.EqualFunc(path.Pictures[end], want, slices.Equal[[]float64]) {
				t.Errorf("%s: end %d is %v, want %v", path.Name, end, path.Pictures[end], want)
			}
		}
	}
	redrawn := f.Redrawn(picture, 3)
	draw(t, redrawn...)
	if len(redrawn[0].Pictures) != 4 || slices.EqualFunc(redrawn[0].Pictures[0], redrawn[0].Pictures[1], slices.Equal[[]float64]) {
		t.Errorf("redrawn: %v", redrawn[0].Pictures)
	}
	s := f.Score(f.Parts.Others())
	if again := f.Score(f.Parts.Others()); !slices.Equal(again.Test, s.Test) || len(again.Others) != len(s.kinds) {
		t.Error("scored again")
	}
	if table := s.table(); len(table) != len(s.kinds)+2 || len(table[1]) != 6 || !strings.Contains(s.answer(), "ratio to histograms") && !strings.Contains(s.answer(), "None") {
		t.Errorf("%v %s", table, s.answer())
	}
	draw(t, s.Extremes(5)...)
	draw(t, f.HeatPanels(s.Damage(1))...)
}

// What is asked for comes in turn, and the label is read off the nearest picture.
func TestClasses(t *testing.T) {
	f := small(t, 2)
	a := f.Ask(3, 0.5)
	if a.Of != 6 || a.Drawn.Len() != 6 || a.Drawn.Labels[3] != 1 || !(a.Like >= 0 && a.Like <= 1) || !strings.Contains(a.String(), "of 6 draws") {
		t.Errorf("%+v", a)
	}
	draw(t, a.Panel(2))
	if said := f.Told(4); !strings.HasPrefix(said, "of 4 new digits the flow tells ") {
		t.Error(said)
	}
	if f.Parts.Train.Labels[f.Parts.Train.Nearest(f.Parts.Train.Picture(5))] != 1 {
		t.Error("a picture is not nearest to itself")
	}
}

func TestArcKeepsTheLength(t *testing.T) {
	a, b := []float64{3, 0}, []float64{0, 3}
	if m := arc(a, b, 0.5); !(math.Abs(math.Hypot(m[0], m[1])-3) <= 1e-12) || m[0] != m[1] {
		t.Errorf("%v", m)
	}
	if m := arc(a, a, 0.3); !(math.Abs(m[0]-3) <= 1e-12) {
		t.Errorf("from a point to itself by way of %v", m)
	}
}

// The corners are those that the layer makes, and quantiles are those of the normal.
func TestPyramidOfNumbers(t *testing.T) {
	shape, values := corners(imagelayer.Shape{Height: 2, Width: 4, Channels: 1}, []byte{0, 1, 2, 3, 4, 5, 6, 7}, 8)
	want := []float64{0, 1, 4, 5, 2, 3, 6, 7}
	for i := range want {
		want[i] /= 7
	}
	if !slices.Equal(values, want) || shape != (imagelayer.Shape{Height: 1, Width: 2, Channels: 4}) {
		t.Errorf("%v of %v", values, shape)
	}
	if q := quantiles([]float64{0, 1.959964}); q[0] != 0.5 || !(math.Abs(q[1]-0.975) <= 1e-6) {
		t.Errorf("%v", q)
	}
}

// With known costs: cheaper pictures are likelier, typical ones lie at the mean of the
// validation pictures on either side.
func TestDetectors(t *testing.T) {
	set := func(n int) *imageset.Set {
		return &imageset.Set{Shape: imagelayer.Shape{Height: 2, Width: 2, Channels: 1}, Levels: 2, Pixels: make([]byte, 4*n)}
	}
	s := Scored{Test: []float64{1.9, 2, 2.1}, Valid: []float64{1.95, 2.05}, Others: [][]float64{{1, 1.1}}, parts: Parts{Train: set(3), Test: set(3)}, kinds: []Kind{{"cheap", set(2)}}}
	if a, b := s.auroc(detectors[0], 0), s.auroc(detectors[1], 0); a != 0 || b != 1 {
		t.Errorf("likelihood %g, typicality %g", a, b)
	}
	if text := s.answer(); !strings.Contains(text, "cheap: 1.05 bits per dimension, likelier than 100 % of the new digits; typicality 1.000") {
		t.Error(text)
	}
	if a, b := Deflated(make([]byte, 64)), Deflated([]byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-")); !(a < 2 && b > 6) {
		t.Errorf("%g and %g bits", a, b)
	}
}
