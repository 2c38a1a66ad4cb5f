package byhand

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The RealNVP of the report, 35,344 parameters, one step of training.
func BenchmarkStep(b *testing.B) {
	for _, batch := range []int{256, 1024} {
		b.Run(fmt.Sprintf("float32/batch=%d", batch), func(b *testing.B) { benchmarkStep[float32](b, batch) })
		b.Run(fmt.Sprintf("float64/batch=%d", batch), func(b *testing.B) { benchmarkStep[float64](b, batch) })
	}
}

func benchmarkStep[T Float](b *testing.B, batch int) {
	f := New[T](2, 8, []int{64, 64}, 1)
	x := f.Sample(1, batch)
	backprop, adam := NewBackprop(f), NewAdam[T]()
	for b.Loop() {
		_, gradient := backprop.Gradient(x)
		adam.Step(f.Params(), gradient.Params(), 1e-3)
	}
	b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkLogProb(b *testing.B) {
	f := New[float32](2, 8, []int{64, 64}, 1)
	const events = 4096
	x := f.Sample(1, events)
	for b.Loop() {
		f.LogProb(x)
	}
	b.ReportMetric(float64(events*b.N)/b.Elapsed().Seconds(), "events/s")
}

// The 64×64 layer of 256 rows: 2·256·64·64 floating-point operations.
func BenchmarkMatMul(b *testing.B) {
	const m, k, n = 256, 64, 64
	rng := rand.New(rand.NewPCG(1, 0))
	x, w, out := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
	for _, values := range [][]float32{x, w} {
		for i := range values {
			values[i] = float32(rng.NormFloat64())
		}
	}
	for b.Loop() {
		MatMul(out, x, w, m, k, n, false, false)
	}
	b.ReportMetric(2*m*k*n*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
