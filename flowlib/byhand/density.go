package byhand

import (
	"math"
	"math/rand/v2"
)

// LogProb returns the log-density of each row of x, [B, D], in nats:
//
//	log p(x) = log N(z; 0, I) + log|det dz/dx|,   z = f⁻¹(x)
//
// It is NaN if x or a weight is. Sums are in float64: in float32 the squares of latents
// beyond 10¹⁹ would overflow, and sums of many small ones would lose digits.
func (f *Flow[T]) LogProb(x []T) []float64 {
	z, logProb := f.Inverse(x)
	for b := range logProb {
		logProb[b] += logNormal(z[b*f.Features : (b+1)*f.Features])
	}
	return logProb
}

// Sample draws n events, [n, D]. The same seed gives the same events; a smaller n gives
// the first of them.
func (f *Flow[T]) Sample(seed int64, n int) []T {
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	z := make([]T, n*f.Features)
	for i := range z {
		z[i] = T(rng.NormFloat64())
	}
	x, _ := f.Forward(z)
	return x
}

// logNormal returns log N(z; 0, I) = -½ Σ_d z_d² - ½·D·log 2π.
func logNormal[T Float](z []T) float64 {
	sum := float64(len(z)) * math.Log(2*math.Pi)
	for _, zd := range z {
		sum += float64(zd) * float64(zd)
	}
	return -sum / 2
}
