package dataset

import (
	"math"
	"math/rand/v2"
)

// Checkerboard returns the uniform density on the eight squares [2i, 2i+2) × [2j,
// 2j+2), i, j in -2..1, with i + j even: the density is 1/32, so the entropy is ln 32.
// A smooth flow cannot reproduce its edges.
func Checkerboard() *Density {
	return &Density{
		Name:     "checkerboard",
		Features: 2,
		Entropy:  math.Log(32),
		Box:      [][2]float64{{-4, 4}, {-4, 4}},
		draw: func(rng *rand.Rand, x []float64) {
			i := rng.IntN(4) - 2
			j := 2*(rng.IntN(2)-1) + i&1 // same parity as i
			x[0] = 2 * (float64(i) + rng.Float64())
			x[1] = 2 * (float64(j) + rng.Float64())
		},
		logProb: func(x []float64) float64 {
			i, j := math.Floor(x[0]/2), math.Floor(x[1]/2)
			inside := -2 <= i && i <= 1 && -2 <= j && j <= 1
			if !inside || math.Mod(math.Abs(i+j), 2) != 0 {
				return math.Inf(-1)
			}
			return -math.Log(32)
		},
	}
}
