package byhand_test

import (
	"math"
	"testing"

	"normflow/flowlib/byhand"
)

// At the first step m̂ = g and v̂ = g², so every weight moves by the rate, but for
// ε; with equal gradients so does it at every further one.
func TestAdamAtTheFirstSteps(t *testing.T) {
	adam := byhand.NewAdam[float64]()
	w := [][]float64{{1, 2}, {3}}
	for step := 1.0; step <= 3; step++ {
		adam.Step(w, [][]float64{{-5, 1e-3}, {0}}, 0.1)
		want := [][]float64{{1 + 0.1*step, 2 - 0.1*step/(1+1e-5)}, {3}} // 1e-8/1e-3
		for i := range w {
			for j := range w[i] {
				if !(math.Abs(w[i][j]-want[i][j]) <= 1e-8) {
					t.Errorf("step %g: weight %d of slice %d is %.10f, expected %.10f", step, j, i, w[i][j], want[i][j])
				}
			}
		}
	}
}
