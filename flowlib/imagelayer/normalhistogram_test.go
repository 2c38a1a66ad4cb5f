package imagelayer_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/imagelayer"
)

// With bins of equal mass, a number is the normal quantile of its place among the levels: as
// exactly as steps of 2⁻⁵³ between shares tell.
func TestNewNormalHistogramIsTheQuantile(t *testing.T) {
	for bins := 2; bins < 9; bins++ {
		x := [][]float64{{4e-13}, {1e-7}, {0.02}, {0.3}, {1.7}, {2}, {3.999}}
		for i, z := range inverse(t, imagelayer.NewNormalHistogram(1, 4, bins), x) {
			want := -math.Sqrt2 * math.Erfcinv(x[i][0]/2)
			slope := math.Exp(want*want/2) * math.Sqrt(2*math.Pi)
			if tolerance := 1e-12 + 4*slope/(1<<53); !(math.Abs(z[0]-want) < tolerance) {
				t.Errorf("%d bins: %g becomes %g, expected %g within %.1g", bins, x[i][0], z[0], want, tolerance)
			}
		}
	}
}

// However rare a bin is, it has its width among the latents, not too far out. The others have
// about the masses that were trained: of these extreme ones the widths cost up to 0.19 nats,
// and 0.37 if rare bins pushed all others to one side.
func TestRareBinsAreWide(t *testing.T) {
	for _, bins := range []int{3, 17, 32, 256} {
		const features = 50
		normal, plain := imagelayer.NewNormalHistogram(features, bins, bins), imagelayer.NewHistogram(features, bins, bins)
		ends := make([][]float64, bins+1)
		for k := range ends {
			for range features {
				ends[k] = append(ends[k], float64(k))
			}
		}
		// run makes z, and shares, of masses from e⁻²⁴ to e²⁴.
		run := func(layer bijector.Bijector) [][]float64 {
			store := model.NewStore()
			exec := model.MustNewExec(backendtest.Open(t), store, func(scope *model.Scope, x *graph.Node) *graph.Node {
				z, _ := layer.Inverse(scope, x, nil)
				return z
			})
			exec.MustCall1(ends) // makes the variable
			bijectortest.Randomize(store, 8, 9)
			return exec.MustCall1(ends).Value().([][]float64)
		}
		z, u := run(normal), run(plain)
		narrowest, farthest, cost := math.Inf(1), 0.0, 0.0
		for d := range features {
			for k := 1; k < bins; k++ {
				farthest = max(farthest, math.Abs(z[k][d]))
				if k > 1 {
					narrowest = min(narrowest, z[k][d]-z[k-1][d])
				}
			}
			for k := range bins { // Kullback-Leibler
				if mass := u[k+1][d] - u[k][d]; mass > 1e-9 {
					cost += mass * math.Log(mass/(0.5*math.Erfc(-z[k+1][d]/math.Sqrt2)-0.5*math.Erfc(-z[k][d]/math.Sqrt2))) / features
				}
			}
		}
		t.Logf("%d bins: the narrowest is %.4f wide, within ±%.2f; %.3f nats", bins, narrowest, farthest, cost)
		if !(narrowest > 1.7/float64(bins)-1e-9) || !(farthest < 5+1e-9) || !(cost < 0.2) {
			t.Errorf("%d bins: the narrowest is %g wide, the last ends at %g, and they cost %g nats", bins, narrowest, farthest, cost)
		}
	}
}

// What no picture holds has no density.
func TestNormalHistogramEndsAtTheLevels(t *testing.T) {
	exec := model.MustNewExec(backendtest.Open(t), model.NewStore(), func(scope *model.Scope, x *graph.Node) *graph.Node {
		_, logDet := imagelayer.NewNormalHistogram(2, 4, 4).Inverse(scope, x, nil)
		return logDet
	})
	logDet := exec.MustCall1([][]float64{{-1e-9, 2}, {1, 4.001}, {0, 4}, {math.NaN(), 1}}).Value().([]float64)
	if !math.IsInf(logDet[0], -1) || !math.IsInf(logDet[1], -1) || math.IsInf(logDet[2], 0) || math.IsNaN(logDet[2]) || !math.IsNaN(logDet[3]) {
		t.Errorf("log-determinants %v, expected -Inf, -Inf, a number and NaN", logDet)
	}
}
