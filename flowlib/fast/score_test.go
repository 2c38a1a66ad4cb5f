package fast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/byhand"
)

func TestLogProb(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *Engine, f *byhand.Flow[float64], x []float32) {
		want := f.LogProb(float64s(x))
		for _, n := range []int{1, 63, 64, 65, 200} {
			got := make([]float64, n)
			e.LogProb(got, x[:n*e.features])
			for i := range got {
				near(t, fmt.Sprintf("log p of event %d of %d", i, n), got[i], want[i], 2e-5)
			}
		}
	})
}

func TestSample(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *Engine, f *byhand.Flow[float64], _ []float32) {
		const n = 150
		x, logProb := make([]float32, n*e.features), make([]float64, n)
		e.Sample(x, nil, logProb, 7, 0, 1)
		for i, want := range f.LogProb(float64s(x)) {
			near(t, fmt.Sprintf("log p of draw %d", i), logProb[i], want, 1e-4)
		}
		part := make([]float32, 30*e.features)
		e.Sample(part, nil, nil, 7, 64, 1)
		for i, v := range part {
			if v != x[64*e.features+i] {
				t.Fatal("a part of the sample differs from it")
			}
		}
		cold := make([]float32, n*e.features)
		e.Sample(cold, nil, nil, 7, 0, 0.5)
		z, _ := f.Inverse(float64s(x))
		half, _ := f.Inverse(float64s(cold))
		for i := range z {
			near(t, "a latent at temperature 0.5", half[i], z[i]/2, 1e-3)
		}
	})
}

// The latents of a sample are standard normal.
func TestSampleIsNormal(t *testing.T) {
	f := realNVP(rand.New(rand.NewPCG(1, 1)), 2, 8)
	e, err := FromByHand(f, 2)
	if err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	x := make([]float32, 2*n)
	e.Sample(x, nil, nil, 3, 0, 1)
	z, _ := byhand.Convert[float64](f).Inverse(float64s(x))
	var sum, squares, product float64
	for i := 0; i < len(z); i += 2 {
		sum += z[i] + z[i+1]
		squares += z[i]*z[i] + z[i+1]*z[i+1]
		product += z[i] * z[i+1]
	}
	// Standard errors of the means are 1/√(2n) = .0022, √2/√(2n) = .0032 and 1/√n = .0032.
	for name, value := range map[string][2]float64{"mean": {sum / (2 * n), 0}, "variance": {squares / (2 * n), 1}, "covariance": {product / n, 0}} {
		if math.Abs(value[0]-value[1]) > 0.015 {
			t.Errorf("%s of the latents is %g, want %g", name, value[0], value[1])
		}
	}
}
