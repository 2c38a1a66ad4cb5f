package base

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/stat/distuv"

	"normflow/flowlib/bijector/bijectortest"
)

// mixtureCDF is the CDF of one feature of a mixture, from its variables.
func mixtureCDF(features, components int) func(h *harness, d int, z float64) float64 {
	return func(h *harness, d int, z float64) float64 {
		means, raw, logits := h.value("means"), h.value("log_scales"), h.value("logits")
		sum, cdf := 0.0, 0.0
		for k := range components {
			w := math.Exp(logits[k])
			i := k*features + d
			sigma := math.Exp(MaxLogScale * math.Tanh(raw[i]/MaxLogScale))
			sum += w
			cdf += w * distuv.Normal{Mu: means[i], Sigma: sigma}.CDF(z)
		}
		return cdf / sum
	}
}

// A new mixture has in each feature the moments of the unit normal, from means
// that differ from each other and by seed, not by precision.
func TestMixtureStartsSpreadOut(t *testing.T) {
	for _, components := range []int{1, 2, 5} {
		const features = 3
		start := func(seed int64, dtype dtypes.DType) (means, raw []float64) {
			h := newHarness(t, NewMixture(features, components), dtype)
			h.store.SetParam(model.ParamInitialSeed, seed)
			h.logProb([][]float64{make([]float64, features)})
			return h.value("means"), h.value("log_scales")
		}
		means, raw := start(1, dtypes.Float64)
		for d := range features {
			mean, variance := 0.0, 0.0
			for k := range components {
				m, s := means[k*features+d], math.Exp(MaxLogScale*math.Tanh(raw[k*features+d]/MaxLogScale))
				mean += m / float64(components)
				variance += (m*m + s*s) / float64(components)
			}
			if !(math.Abs(mean) <= 1e-12) || !(math.Abs(variance-1) <= 1e-12) {
				t.Errorf("K=%d: feature %d starts with mean %g and variance %g", components, d, mean, variance)
			}
		}
		if components == 1 {
			continue
		}
		if other, _ := start(2, dtypes.Float64); slices.Equal(means, other) {
			t.Errorf("K=%d: two seeds gave the same means", components)
		}
		single, _ := start(1, dtypes.Float32)
		for i := range means {
			if single[i] != float64(float32(means[i])) {
				t.Errorf("K=%d: means start at %v in float32, at %v in float64", components, single, means)
				break
			}
		}
	}
}

// However the optimizer pushes, no component gets narrower than e^-3: the
// density stays below that of such a component at its mean, and comes close.
func TestMixtureCannotCollapse(t *testing.T) {
	const bound = MaxLogScale - 0.9189385332046727 // of a Gaussian of scale e^-3 at its mean
	highest := math.Inf(-1)
	for seed := range int64(10) {
		h := newHarness(t, NewMixture(1, 2), dtypes.Float64)
		h.logProb([][]float64{{0}})
		bijectortest.Randomize(h.store, 50, seed)
		means := h.value("means")
		highest = max(highest, slices.Max(h.logProb([][]float64{{means[0]}, {means[1]}})))
	}
	if !(highest <= bound+1e-12 && highest > bound-0.01) {
		t.Errorf("highest log-density is %g, want almost %g", highest, bound)
	}
}

// Squares that overflow float32 leave -Inf, not NaN.
func TestMixtureFarOut(t *testing.T) {
	h := newHarness(t, NewMixture(2, 3), dtypes.Float32)
	for i, lp := range h.logProb([][]float64{{1e25, 0}, {math.Inf(1), 0}}) {
		if !math.IsInf(lp, -1) {
			t.Errorf("row %d has log-density %g", i, lp)
		}
	}
}
