package fast

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/byhand"
)

// realNVP is 8 layers with conditioners of 64 and 64 units: 35,344 weights at two features.
func realNVP(rng *rand.Rand, features int, hidden ...int) *byhand.Flow[float32] {
	f := &byhand.Flow[float32]{Features: features}
	for i := range 8 {
		c := byhand.Coupling[float32]{InputBound: 5, MaxLogScale: 3}
		moving := 0
		for d := range features {
			frozen := features > 1 && d%2 != i%2
			c.Mask = append(c.Mask, frozen)
			if !frozen {
				moving++
			}
		}
		in := max(1, features-moving)
		for _, out := range append(append([]int{}, hidden...), 2*moving) {
			d := byhand.Dense[float32]{In: in, Out: out}
			for range in * out {
				d.W = append(d.W, float32(rng.NormFloat64())*0.1)
			}
			for range out {
				d.B = append(d.B, float32(rng.NormFloat64())*0.1)
			}
			c.Conditioner = append(c.Conditioner, d)
			in = out
		}
		f.Layers = append(f.Layers, c)
	}
	return f
}

func events(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func eachThreads(b *testing.B, bench func(b *testing.B, e *Engine)) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			e, err := FromByHand(realNVP(rand.New(rand.NewPCG(1, 1)), 2, 64, 64), threads)
			if err != nil {
				b.Fatal(err)
			}
			bench(b, e)
		})
	}
}

func BenchmarkTrain(b *testing.B) {
	for _, batch := range []int{256, 1024, 4096} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			eachThreads(b, func(b *testing.B, e *Engine) {
				x := events(rand.New(rand.NewPCG(1, 2)), 2*20000)
				t, err := NewTrainer(e, x)
				if err != nil {
					b.Fatal(err)
				}
				rows, nll := make([]int32, batch), make([]float64, 1)
				for i := range rows {
					rows[i] = int32(i * 7 % 20000)
				}
				for b.Loop() {
					if t.Run(rows, []float64{1e-5}, nll) != 1 {
						b.Fatal("not finite")
					}
				}
				b.ReportMetric(float64(batch)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			})
		})
	}
}

func BenchmarkLogProb(b *testing.B) {
	eachThreads(b, func(b *testing.B, e *Engine) {
		const n = 100_000
		x, logProb := events(rand.New(rand.NewPCG(1, 2)), 2*n), make([]float64, n)
		for b.Loop() {
			e.LogProb(logProb, x)
		}
		b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}

func BenchmarkSample(b *testing.B) {
	eachThreads(b, func(b *testing.B, e *Engine) {
		const n = 100_000
		x := make([]float32, 2*n)
		for b.Loop() {
			e.Sample(x, nil, 1, 0, 1)
		}
		b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}
