package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestMixture(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		rng := rand.New(rand.NewPCG(9, 1))
		const n, mean, scale = 64, 0.3, 1.7
		z, share, out, dz := random(rng, n, 2), random(rng, n, 1), random(rng, n, 1), random(rng, n, 1)
		wantOut, wantD := make([]float32, n), make([]float32, n)
		var first, second float64
		for i := range n { // in double precision
			u := (float64(z[i]) - mean) * scale
			wantOut[i] = float32(float64(out[i]) + u*u)
			wantD[i] = float32(float64(dz[i]) + float64(share[i])*u*scale)
			first += float64(share[i]) * u
			second += float64(share[i]) * u * u
		}
		s.AddSquares(out, z, mean, scale)
		agree(t, "squares", out, wantOut, 2e-6)
		gotFirst, gotSecond := s.Pull(dz, z, share, mean, scale)
		agree(t, "dz", dz, wantD, 2e-6)
		agree(t, "sums", []float32{gotFirst, gotSecond}, []float32{float32(first), float32(second)}, 1e-5)
	})
}
