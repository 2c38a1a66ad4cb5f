package imageflow

import (
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/eval"
	"normflow/flowlib/flow"
	"normflow/flowlib/imageset/digits"
)

// Pictures, and noise, which has grays that pixels never had, come back through the latents of
// a flow whose histograms are those of digits.
func TestRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short")
	}
	const n = 10000
	s := digits.Load()
	c := Glow(s.Shape, s.Levels)
	m, err := c.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	bijectortest.Randomize(m.Store(), 0.1, 3)
	if err := c.start(m, s); err != nil {
		t.Fatal(err)
	}
	pictures := s.Dequantized(6, 0, 1)[:n]
	if err := m.Initialize(pictures[:1000]); err != nil {
		t.Fatal(err)
	}
	exact, err := m.Float64()
	if err != nil {
		t.Fatal(err)
	}
	rng, noise := rand.New(rand.NewPCG(1, 2)), make([][]float64, n)
	for i := range noise {
		for range s.Shape.Features() {
			noise[i] = append(noise[i], float64(float32(s.Levels)*rng.Float32()))
		}
	}
	for dtype, m := range map[dtypes.DType]*flow.Model{dtypes.Float32: m, dtypes.Float64: exact} {
		tolerance := map[dtypes.DType]float64{dtypes.Float32: 1e-4, dtypes.Float64: 1e-9}[dtype]
		for name, there := range map[string][][]float64{"pictures": pictures, "noise": noise} {
			worst, err := eval.RoundTrip(m, there)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, %s: largest relative difference %.1e", dtype, name, worst)
			if !(worst <= tolerance) {
				t.Errorf("%s: %s come back with a relative difference of %.1e, expected at most %.0e", dtype, name, worst, tolerance)
			}
		}
	}
}
