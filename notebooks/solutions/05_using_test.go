package solutions

import (
	"math"
	"slices"
	"testing"

	"normflow/flowlib/dataset"
)

// threshold is the log-density below which a share of the normal rows lies.
func threshold(normal []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(normal))
	return sorted[int(share*float64(len(sorted)))]
}

func TestThresholdKeepsItsRate(t *testing.T) {
	const rate = 0.05
	moons := dataset.TwoMoons(0.05)
	limit := threshold(moons.LogProb(moons.Sample(1, 10000)), rate)
	fresh := moons.LogProb(moons.Sample(2, 10000))
	flagged := 0
	for _, logProb := range fresh {
		if logProb < limit {
			flagged++
		}
	}
	se := math.Sqrt(2 * rate * (1 - rate) / float64(len(fresh))) // of the threshold and of the count
	if got := float64(flagged) / float64(len(fresh)); math.Abs(got-rate) > 4*se {
		t.Errorf("%.4f of fresh events flagged, want %.2f ± %.4f", got, rate, se)
	}
}
