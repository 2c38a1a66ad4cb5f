package kernel

import (
	"math/rand/v2"
	"testing"
)

// eachSpeed reports GFLOP/s of one core for every set of kernels.
func eachSpeed(b *testing.B, flops int, run func(s *Set)) {
	for _, s := range All() {
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				run(s)
			}
			b.ReportMetric(float64(flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

// The peak is what multiply-adds alone reach.
func BenchmarkPeak(b *testing.B) {
	for _, s := range All() {
		if s.Peak(1) == 0 {
			continue
		}
		b.Run(s.Name, func(b *testing.B) {
			flops := 0
			for b.Loop() {
				flops += s.Peak(1000)
			}
			b.ReportMetric(float64(flops)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

const units, flops64 = 64, 2 * 64 * 64 * Block

// A block of events through a layer of 64 to 64 units: h·W.
func BenchmarkForward64(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	w, in, bias, out := random(rng, units*units, 1), random(rng, units*Block, 1), random(rng, units, 1), make([]float32, units*Block)
	p := Product{M: units, K: units, N: Block, Out: out, LdOut: Block, W: w, StrideI: 1, StrideK: units, In: in, LdIn: Block, Start: Bias, Bias: bias, End: ReLU}
	eachSpeed(b, flops64, func(s *Set) { s.Multiply(&p) })
}

// Its gradient with respect to what came in: d·Wᵀ.
func BenchmarkBackwardData64(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	w, d, h, out := random(rng, units*units, 1), random(rng, units*Block, 1), random(rng, units*Block, 1), make([]float32, units*Block)
	p := Product{M: units, K: units, N: Block, Out: out, LdOut: Block, W: w, StrideI: units, StrideK: 1, In: d, LdIn: Block, End: Mask, Mask: h}
	eachSpeed(b, flops64, func(s *Set) { s.Multiply(&p) })
}

// Its gradient with respect to the weights: hᵀ·d, with the transposition it needs.
func BenchmarkBackwardWeights64(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 3))
	h, d, turned, g := random(rng, units*Block, 1), random(rng, units*Block, 1), make([]float32, units*Block), make([]float32, units*units)
	p := Product{M: units, K: Block, N: units, Out: g, LdOut: units, W: h, StrideI: Block, StrideK: 1, In: turned, LdIn: units, Start: Add}
	eachSpeed(b, flops64, func(s *Set) {
		s.Transpose(turned, d, units)
		s.Multiply(&p)
	})
}
