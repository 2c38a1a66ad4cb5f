package imagelayer_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/flow"
	"normflow/flowlib/imagelayer"
)

// logDets returns those of Inverse, with weights that are random as far as a spread.
func logDets(t *testing.T, b bijector.Bijector, spread float64, x [][]float64) []float64 {
	t.Helper()
	store := model.NewStore()
	exec := model.MustNewExec(backendtest.Open(t), store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		_, logDet := b.Inverse(scope, x, nil)
		return logDet
	})
	exec.MustCall1(x) // makes the variables
	bijectortest.Randomize(store, spread, 9)
	return exec.MustCall1(x).Value().([]float64)
}

// With a bin for each level the layer is a model of whole numbers: all pictures together
// have probability 1, wherever in their cells the numbers lie.
func TestPyramidIsADistributionOfWholeNumbers(t *testing.T) {
	for name, shape := range map[string]imagelayer.Shape{"gray": {Height: 3, Width: 2, Channels: 1}, "two channels": {Height: 1, Width: 3, Channels: 2}} {
		const levels = 3
		d := shape.Features()
		pictures := int(math.Pow(levels, float64(d)))
		middle, elsewhere := make([][]float64, pictures), make([][]float64, pictures)
		for i := range pictures {
			for n, left := 0, i; n < d; n, left = n+1, left/levels {
				middle[i] = append(middle[i], float64(left%levels)+0.5)
				elsewhere[i] = append(elsewhere[i], float64(left%levels)+math.Mod(0.37*float64(i+5*n), 1))
			}
		}
		layer := imagelayer.NewHistogramPyramid(shape, levels, levels, net)
		logProb, same := logDets(t, layer, 0.5, middle), logDets(t, layer, 0.5, elsewhere)
		total, least, most := 0.0, math.Inf(1), math.Inf(-1)
		for i, lp := range logProb {
			total += math.Exp(lp)
			least, most = min(least, lp), max(most, lp)
			if !(math.Abs(lp-same[i]) < 1e-12) {
				t.Fatalf("%s: picture %v has log-probability %g, but %g as %v", name, middle[i], lp, same[i], elsewhere[i])
			}
		}
		t.Logf("%s: %d pictures of log-probability %.2f to %.2f, in all %.15f", name, pictures, least, most, total)
		if !(math.Abs(total-1) < 1e-12) || !(most-least > 0.5) {
			t.Errorf("%s: probabilities add up to %.15f, and their logarithms are from %g to %g", name, total, least, most)
		}
	}
}

// Pictures and noise come back through the latents in float64. In float32 a number is placed
// to about 10⁻⁷ of its bin's mass, so that of the layer's own pictures, in which numbers are
// rarely in rare bins, not all come back as exactly.
func TestPyramidRoundTrip(t *testing.T) {
	shape := imagelayer.Shape{Height: 4, Width: 3, Channels: 1}
	d := shape.Features()
	f := flow.New(base.Normal{Features: d}, bijector.Chain{imagelayer.NewProbit(d), imagelayer.NewHistogramPyramid(shape, 17, 17, net)})
	rng := rand.New(rand.NewPCG(5, 7))
	noise := make([][]float64, 10000)
	for i := range noise {
		for range d {
			noise[i] = append(noise[i], 17*rng.Float64())
		}
	}
	// far is how many rows come back with a relative difference of more than 10⁻⁴, and the largest.
	far := func(dtype dtypes.DType, rows func(*flow.Model) [][]float64) (count int, worst float64) {
		m, err := flow.NewModel(backendtest.Open(t), f, flow.Settings{Features: d, DType: dtype})
		if err != nil {
			t.Fatal(err)
		}
		bijectortest.Randomize(m.Store(), 0.5, 3)
		there := rows(m)
		_, back := thereAndBack(t, m, there)
		for i, x := range back {
			most := 0.0
			for d := range x {
				most = max(most, math.Abs(x[d]-there[i][d])/max(1, math.Abs(there[i][d])))
			}
			if worst = max(worst, most); !(most <= 1e-4) {
				count++
			}
		}
		return count, worst
	}
	if _, worst := far(dtypes.Float64, func(*flow.Model) [][]float64 { return noise }); !(worst <= 1e-9) {
		t.Errorf("float64: noise comes back with a relative difference of %.1e", worst)
	}
	count, worst := far(dtypes.Float32, func(m *flow.Model) [][]float64 {
		drawn, err := m.Draw(flow.Sampling{Count: len(noise), Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return drawn.X
	})
	t.Logf("float32: %d of %d pictures are off by more than 10⁻⁴, at most %.1e", count, len(noise), worst)
	if !(count <= len(noise)/1000) {
		t.Errorf("float32: %d of %d pictures come back with a relative difference of more than 10⁻⁴", count, len(noise))
	}
}

// In float32 numbers at the ends of their cells, of any number of bins, come back to their cells,
// and those beyond all levels as they are.
func TestPyramidKeepsCells(t *testing.T) {
	shape := imagelayer.Shape{Height: 2, Width: 2, Channels: 1}
	for _, bins := range []int{17, 40, 41, 49, 61, 256} {
		layer := imagelayer.NewHistogramPyramid(shape, bins, bins, net)
		var x [][]float64
		for k := range bins {
			for _, place := range []float64{0, 0.75, 1 - 1e-5} {
				v := float64(k) + place
				x = append(x, []float64{v, float64(bins) - v, v, v}, []float64{-1, v, float64(bins) + 1, v})
			}
		}
		store := model.NewStore()
		exec := model.MustNewExec(backendtest.Open(t), store, func(scope *model.Scope, x *graph.Node) *graph.Node {
			u, _ := layer.Inverse(scope, graph.ConvertDType(x, dtypes.Float32), nil)
			back, _ := layer.Forward(scope, u, nil)
			return graph.ConvertDType(back, dtypes.Float64)
		})
		exec.MustCall1(x) // makes the variables
		bijectortest.Randomize(store, 0.3, 9)
		for i, back := range exec.MustCall1(x).Value().([][]float64) {
			for d, v := range back {
				if !(math.Abs(v-x[i][d]) < 0.01) {
					t.Fatalf("%d bins: %v comes back as %v", bins, x[i], back)
				}
			}
		}
	}
}

// What is made first depends on the context, and on the channels of it that were made before.
func TestPyramidOfOnePixel(t *testing.T) {
	layer := imagelayer.NewHistogramPyramid(imagelayer.Shape{Height: 1, Width: 1, Channels: 2}, 3, 3, net)
	store := model.NewStore()
	exec := model.MustNewExec(backendtest.Open(t), store, func(scope *model.Scope, in *graph.Node) *graph.Node {
		column := func(from, to int) *graph.Node { return graph.Slice(in, graph.AxisRange(), graph.AxisRange(from, to)) }
		_, logDet := layer.Inverse(scope, column(0, 2), column(2, 4))
		return logDet
	})
	var in [][]float64
	for _, context := range [][]float64{{1, 0}, {0, 1}} {
		for x := range 9 {
			in = append(in, append([]float64{float64(x%3) + 0.5, float64(x/3) + 0.5}, context...))
		}
	}
	exec.MustCall1(in) // makes the variables
	bijectortest.Randomize(store, 0.5, 9)
	lp := exec.MustCall1(in).Value().([]float64)
	first := math.Log(math.Exp(lp[0]) + math.Exp(lp[3]) + math.Exp(lp[6]))
	other := math.Log(math.Exp(lp[9]) + math.Exp(lp[12]) + math.Exp(lp[15]))
	if !(math.Abs(first-other) > 1e-3) {
		t.Errorf("the first number has log-probability %g given either context", first)
	}
	if !(math.Abs((lp[0]-lp[3])-(lp[1]-lp[4])) > 1e-3) {
		t.Errorf("the second number does not depend on the first: %v", lp)
	}
}

// A new layer is a histogram.
func TestNewPyramidIsAHistogram(t *testing.T) {
	shape := imagelayer.Shape{Height: 3, Width: 2, Channels: 1}
	x := [][]float64{{0.5, 1, 17, 39.9, 20, 3}, {-1, 0, 40, 41, 5, 6}}
	for _, bins := range []int{4, 40} {
		want := inverse(t, imagelayer.NewHistogram(6, 40, bins), x)
		for i, row := range inverse(t, imagelayer.NewHistogramPyramid(shape, 40, bins, net), x) {
			for d := range row {
				if !(math.Abs(row[d]-want[i][d]) < 1e-12) {
					t.Errorf("%d bins: %g of %g, expected %g", bins, row[d], x[i][d], want[i][d])
				}
			}
		}
	}
}
