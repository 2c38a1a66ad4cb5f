package fast

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// eachFlow runs a benchmark with RealNVP and with NSF, both as in the zoo, on one
// thread and on two.
func eachFlow(b *testing.B, bench func(b *testing.B, e *Engine)) {
	nsf, realNVP := Flow{Features: 2, Base: Mixture{16, 3}}, Flow{Features: 2, Base: Normal{}}
	for i := range 8 {
		nsf.Layers = append(nsf.Layers, Coupling{Mask: []bool{i%2 == 0, i%2 == 1}, InputBound: 5, Network: Network{Hidden: []int{32, 32}}, Transform: Spline{8, 4}})
		realNVP.Layers = append(realNVP.Layers, Coupling{Mask: []bool{i%2 == 0, i%2 == 1}, InputBound: 5, Network: Network{Hidden: []int{64, 64}}, Transform: Affine{"tanh", 3}})
	}
	for name, f := range map[string]Flow{"realnvp": realNVP, "nsf": nsf} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", name, threads), func(b *testing.B) {
				e, err := New(f, threads)
				if err != nil {
					b.Fatal(err)
				}
				rng := rand.New(rand.NewPCG(1, 4))
				for i := range e.weights {
					e.weights[i] = 0.1 * float32(rng.NormFloat64())
				}
				bench(b, e)
			})
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	for _, batch := range []int{256, 1024, 4096} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			eachFlow(b, func(b *testing.B, e *Engine) {
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
					if t.Run(rows, []float64{1e-5}, nil, nll) != 1 {
						b.Fatal("not finite")
					}
				}
				b.ReportMetric(float64(batch)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			})
		})
	}
}

func BenchmarkLogProb(b *testing.B) {
	eachFlow(b, func(b *testing.B, e *Engine) {
		const n = 100_000
		x, logProb := events(rand.New(rand.NewPCG(1, 2)), 2*n), make([]float64, n)
		for b.Loop() {
			e.LogProb(logProb, x)
		}
		b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}

func BenchmarkSample(b *testing.B) {
	eachFlow(b, func(b *testing.B, e *Engine) {
		const n = 100_000
		x := make([]float32, 2*n)
		for b.Loop() {
			e.Sample(x, nil, nil, 1, 0, 1)
		}
		b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}
