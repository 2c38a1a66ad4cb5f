package byhand

import (
	"math"
	"math/rand/v2"
)

// randomFlow is a flow away from its identity start, and a batch of
// 20 events of which some lie beyond the clip.
func randomFlow(features int, hidden ...int) (f *Flow[float64], x []float64) {
	rng := rand.New(rand.NewPCG(1, uint64(features)))
	f = New[float64](features, 4, hidden, 1)
	for _, values := range f.Params() {
		for i := range values {
			values[i] = 0.4 * rng.NormFloat64()
		}
	}
	x = make([]float64, 20*features)
	for i := range x {
		x[i] = 2 * rng.NormFloat64()
	}
	return f, x
}

// within compares as a NaN must not pass.
func within(got, want, tolerance float64) bool { return math.Abs(got-want) <= tolerance }
