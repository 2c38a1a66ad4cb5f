package anomaly

import (
	"math"
	"testing"
)

func TestAveragePrecision(t *testing.T) {
	inf := math.Inf(-1)
	for _, tt := range []struct {
		normal, anomalous []float64
		want              float64
	}{
		{[]float64{1, 2}, []float64{-1, inf}, 1},
		{[]float64{0, 1, 2}, []float64{3}, 0.25},
		{[]float64{1, 3}, []float64{0, 2}, (1 + 2./3) / 2},
		// All tied: one threshold, which flags everything.
		{[]float64{5, 5, 5}, []float64{5}, 0.25},
		// scikit-learn 1.9.1: average_precision_score([0,0,0,1,1,1], [1,2,3,2,3,4]), whose scores are -log p.
		{[]float64{-1, -2, -3}, []float64{-2, -3, -4}, 0.75555555555555554},
	} {
		if got, err := AveragePrecision(tt.normal, tt.anomalous); err != nil || !(math.Abs(got-tt.want) <= 1e-15) {
			t.Errorf("AveragePrecision(%v, %v) = %.17g, %v, want %g", tt.normal, tt.anomalous, got, err, tt.want)
		}
	}
	if _, err := AveragePrecision([]float64{1}, nil); err == nil {
		t.Error("no anomalies were accepted")
	}
	if _, err := AveragePrecision([]float64{math.NaN()}, []float64{1}); err == nil {
		t.Error("a NaN was accepted")
	}
}
