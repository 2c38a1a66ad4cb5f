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

func inverse(t *testing.T, b bijector.Bijector, x [][]float64) [][]float64 {
	t.Helper()
	exec := model.MustNewExec(backendtest.Open(t), model.NewStore(), func(scope *model.Scope, x *graph.Node) *graph.Node {
		z, _ := b.Inverse(scope, x, nil)
		return z
	})
	return exec.MustCall1(x).Value().([][]float64)
}

// tiny is a flow over images of 2×2 pixels, all kinds of layers in it, at random weights.
func tiny(t *testing.T, dtype dtypes.DType) *flow.Model {
	t.Helper()
	squeeze := imagelayer.NewSqueeze2x2(imagelayer.Shape{Height: 2, Width: 2, Channels: 1})
	shape, inner := squeeze.Squeezed(), imagelayer.Shape{Height: 1, Width: 1, Channels: 2}
	f := flow.New(base.Normal{Features: 4}, bijector.Chain{
		imagelayer.NewFactorOut(shape, 2, bijector.Chain{
			imagelayer.NewCoupling(inner, imagelayer.Halves(2, true), net, bijector.Spline{Bins: 4}), imagelayer.NewConv1x1(inner),
		}),
		imagelayer.NewCoupling(shape, imagelayer.Halves(4, false), net, bijector.Affine{MaxLogScale: 0.5}),
		imagelayer.NewCoupling(shape, imagelayer.Checkerboard(4, false), net, bijector.Spline{Bins: 4}),
		squeeze,
	})
	m, err := flow.NewModel(backendtest.Open(t), f, flow.Settings{Features: 4, DType: dtype})
	if err != nil {
		t.Fatal(err)
	}
	bijectortest.Randomize(m.Store(), 0.2, 3)
	return m
}

// The integral of the density over the four pixels is 1. By quasi-random points: an
// additive recurrence in [0, 1)⁴, sent to the normal distribution of a larger spread.
func TestDensityIntegratesToOne(t *testing.T) {
	m := tiny(t, dtypes.Float64)
	const n, spread = 1 << 14, 1.3
	const root = 1.1673039782614187 // of x⁵ = x + 1, Roberts' constant for four dimensions
	rows, logWeight := make([][]float64, n), make([]float64, n)
	for i := range rows {
		rows[i] = make([]float64, 4)
		for d := range rows[i] {
			_, u := math.Modf(0.5 + float64(i+1)*math.Pow(root, -float64(d+1)))
			z := math.Sqrt2 * math.Erfinv(2*u-1)
			rows[i][d] = spread * z
			logWeight[i] += 0.5*z*z + 0.5*math.Log(2*math.Pi) + math.Log(spread)
		}
	}
	logProb, err := m.LogProb(rows)
	if err != nil {
		t.Fatal(err)
	}
	integral := 0.0
	for i := range rows {
		integral += math.Exp(logProb[i]+logWeight[i]) / n
	}
	t.Logf("integral %.5f", integral)
	if !(math.Abs(integral-1) <= 0.002) {
		t.Errorf("the density integrates to %.5f, expected 1 within 0.2 %%", integral)
	}
}

// thereAndBack returns the latents of rows, and what comes back of them.
func thereAndBack(t *testing.T, m *flow.Model, rows [][]float64) (there, back [][]float64) {
	t.Helper()
	inverse, err := m.Inverse(rows)
	if err != nil {
		t.Fatal(err)
	}
	there = inverse[len(inverse)-1]
	forward, err := m.Forward(there)
	if err != nil {
		t.Fatal(err)
	}
	return there, forward[len(forward)-1]
}

// Images and noise come back through the latents, in both precisions.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	rows := make([][]float64, 1000)
	for i := range rows {
		rows[i] = []float64{3 * rng.NormFloat64(), rng.NormFloat64(), rng.Float64(), float64(i % 17)}
	}
	for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float64: 1e-9, dtypes.Float32: 1e-4} {
		m := tiny(t, dtype)
		_, back := thereAndBack(t, m, rows)
		worst := 0.0
		for i, x := range back {
			for d := range x {
				worst = max(worst, math.Abs(x[d]-rows[i][d])/max(1, math.Abs(rows[i][d])))
			}
		}
		t.Logf("%s: largest relative difference %.1e", dtype, worst)
		if !(worst <= tolerance) {
			t.Errorf("%s: images come back with a relative difference of %.1e, expected at most %.0e", dtype, worst, tolerance)
		}
	}
}

// A saved pyramid is the same flow, bit for bit.
func TestSaveAndLoad(t *testing.T) {
	m := tiny(t, dtypes.Float32)
	dir := t.TempDir() + "/model"
	if err := m.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	again, err := flow.Load(m.Backend(), dir)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]float64{{1, 2, 3, 4}, {-1, 0, 0.5, 2}}
	before, err := m.LogProb(rows)
	if err != nil {
		t.Fatal(err)
	}
	after, err := again.LogProb(rows)
	if err != nil {
		t.Fatal(err)
	}
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("row %d: %v before, %v after", i, before[i], after[i])
		}
	}
}
