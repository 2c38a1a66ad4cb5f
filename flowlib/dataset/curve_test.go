package dataset

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
)

// A blurred curve against the words of its definition, E over u of the noise's
// density around c(u), by 200 panels of 20 nodes in u, at points all over the
// window: the substitution of t for u, and that one rule per curve is enough.
func TestBlurredCurvesByDefinition(t *testing.T) {
	turn := func(r, t float64) [2]float64 { return [2]float64{r * math.Cos(t), r * math.Sin(t)} }
	moons := []func(u float64) [2]float64{
		func(u float64) [2]float64 { return turn(1, math.Pi*u) },
		func(u float64) [2]float64 { c := turn(1, math.Pi*u); return [2]float64{1 - c[0], 0.5 - c[1]} },
	}
	tests := []struct {
		d      *Density
		noise  float64
		curves []func(u float64) [2]float64
	}{
		{TwoMoons(0.05), 0.05, moons},
		{TwoMoons(0.1), 0.1, moons},
		{Spirals(), 0.1, []func(u float64) [2]float64{
			func(u float64) [2]float64 { t := 3 * math.Pi * math.Sqrt(u); return turn(t/3, math.Pi-t) },
			func(u float64) [2]float64 { t := 3 * math.Pi * math.Sqrt(u); return turn(t/3, -t) },
		}},
		{SwissRoll(), 0.2, []func(u float64) [2]float64{
			func(u float64) [2]float64 { t := 1.5 * math.Pi * (1 + 2*u); return turn(t/5, t) },
		}},
	}
	for _, tt := range tests {
		t.Run(tt.d.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			worst := 0.0
			for range 100 {
				var x [2]float64
				for f, b := range tt.d.Box {
					x[f] = b[0] + (b[1]-b[0])*rng.Float64()
				}
				// Scaled by the density found, so that nothing underflows in the tails.
				got := tt.d.LogProb([][]float64{x[:]})[0]
				ratio := 0.0
				for _, c := range tt.curves {
					const panels = 200
					for k := range panels {
						ratio += quad.Fixed(func(u float64) float64 {
							dx, dy := x[0]-c(u)[0], x[1]-c(u)[1]
							logNoise := -(dx*dx+dy*dy)/(2*tt.noise*tt.noise) - math.Log(2*math.Pi*tt.noise*tt.noise)
							return math.Exp(logNoise-got) / float64(len(tt.curves))
						}, float64(k)/panels, float64(k+1)/panels, 20, nil, 0)
					}
				}
				worst = max(worst, math.Abs(math.Log(ratio)))
			}
			t.Logf("largest difference of log-densities: %.1e", worst)
			// √u is not smooth in the first panel of the spirals: 3e-12, the others 4e-14.
			if !(worst <= 1e-10) {
				t.Errorf("log-densities differ by %.2e", worst)
			}
		})
	}
}
