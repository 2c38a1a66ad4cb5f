package imagelayer_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/flow"
	"normflow/flowlib/imagelayer"
	"normflow/flowlib/tree"
)

// Noise moves within its cell, there and back, in both precisions and up to the last level;
// in a new layer, and beyond the levels, it stays. Within 10⁻⁴ relative in float32, 10⁻⁹ in
// float64, as all image layers promise.
func TestNoiseStaysInItsCell(t *testing.T) {
	const levels = 256
	shape := imagelayer.Shape{Height: 2, Width: 2, Channels: 1}
	rng := rand.New(rand.NewPCG(7, 8))
	rows := [][]float64{{0, 255, 1, 254}, {255.99999, 255.999, 0.99999, 0.000001}, {-1, 256.5, -0.25, 300}}
	for range 500 {
		rows = append(rows, []float64{256 * rng.Float64(), 256 * rng.Float64(), 2 * rng.Float64(), 255 + rng.Float64()})
	}
	for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float64: 1e-9, dtypes.Float32: 1e-4} {
		for _, random := range []bool{false, true} {
			f := flow.New(base.Normal{Features: 4}, bijector.Chain{imagelayer.NewDequantizer(shape, levels, net, 4)})
			m, err := flow.NewModel(backendtest.Open(t), f, flow.Settings{Features: 4, DType: dtype})
			if err != nil {
				t.Fatal(err)
			}
			if random {
				bijectortest.Randomize(m.Store(), 0.5, 3)
			}
			there, back := thereAndBack(t, m, rows)
			moved := 0.0
			for i, row := range rows {
				for d, x := range row {
					z, again := there[i][d], back[i][d]
					inside := x >= 0 && x < levels && float32(x) < levels
					if inside && math.Floor(z) != math.Floor(float64(float32(x))) {
						t.Errorf("%s, random weights %t: %g went to %g, another cell", dtype, random, x, z)
					}
					if end := math.Abs(z - math.Round(z)); inside && !(end > 0.99/512) { // 256/2¹⁷
						t.Errorf("%s, random weights %t: %g went to %g, too near another cell", dtype, random, x, z)
					}
					moved = max(moved, math.Abs(z-x))
					if !(math.Abs(again-x) <= tolerance*max(1, math.Abs(x))) {
						t.Errorf("%s, random weights %t: %g came back as %g", dtype, random, x, again)
					}
					if !(inside || math.Abs(z-x) <= 1e-4) {
						t.Errorf("%s: %g beyond the levels went to %g", dtype, x, z)
					}
				}
			}
			if random != (moved > 0.05) {
				t.Errorf("%s, random weights %t: numbers moved by at most %g", dtype, random, moved)
			}
		}
	}
}

// In a file of before there was a margin, the layer is what it was.
func TestDequantizerWithoutMargin(t *testing.T) {
	var of tree.Of[bijector.Bijector]
	text := `{"image_dequantizer": {"image": {"height": 2, "width": 2, "channels": 1}, "levels": 256, "net": {"width": 4, "blocks": 1}, "bins": 4%s}}`
	if err := tree.Read("flow", fmt.Appendf(nil, text, ""), &of); err != nil {
		t.Fatal(err)
	}
	x := [][]float64{{0, 0.001, 3.5, 255.999}}
	for d, v := range inverse(t, of.Part, x)[0] {
		if !(math.Abs(v-x[0][d]) < 1e-12) {
			t.Errorf("without a margin a new layer moves %g to %g", x[0][d], v)
		}
	}
	for d, v := range inverse(t, imagelayer.NewDequantizer(imagelayer.Shape{Height: 2, Width: 2, Channels: 1}, 256, net, 4), x)[0] {
		whole, noise := math.Modf(x[0][d])
		if want := whole + 1/512. + noise*(1-2/512.); !(math.Abs(v-want) < 1e-12) {
			t.Errorf("a new layer moves %g to %g, expected %g", x[0][d], v, want)
		}
	}
	for _, bad := range []string{"-0.1", "0.3"} {
		if err := tree.Read("flow", fmt.Appendf(nil, text, `, "margin": `+bad), &of); err == nil || !strings.Contains(err.Error(), "margin: found "+bad) {
			t.Errorf("margin %s: %v", bad, err)
		}
	}
}
