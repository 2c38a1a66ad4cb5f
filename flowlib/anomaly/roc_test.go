package anomaly

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestAUROC(t *testing.T) {
	inf := math.Inf(-1)
	for _, tt := range []struct {
		normal, anomalous []float64
		want              float64
	}{
		{[]float64{1, 2}, []float64{-1, inf}, 1},
		{[]float64{1, 2}, []float64{3}, 0},
		{[]float64{1, 2}, []float64{1, 2}, 0.5},
		{[]float64{1, 2, 3}, []float64{2}, 0.5},
		{[]float64{0, 1, 2, 3}, []float64{0.5, 2.5}, 0.5}, // 3 of 4 and 1 of 4
		{[]float64{1, 3}, []float64{2, 0}, 0.75},
	} {
		if got, err := AUROC(tt.normal, tt.anomalous); err != nil || got != tt.want {
			t.Errorf("AUROC(%v, %v) = %g, %v, want %g", tt.normal, tt.anomalous, got, err, tt.want)
		}
	}
	if _, err := AUROC(nil, []float64{1}); err == nil {
		t.Error("no normal events were accepted")
	}
}

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

// The area under the curve is AUROC, which ranks find, with ties and without.
func TestROCHasTheAreaOfRanks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, rounding := range []float64{1e-9, 0.5} {
		var normal, anomalous []float64
		for range 100 {
			normal = append(normal, rounding*math.Round((2+rng.NormFloat64())/rounding))
		}
		for range 60 {
			anomalous = append(anomalous, rounding*math.Round(rng.NormFloat64()/rounding))
		}
		xy, err := ROC(normal, anomalous)
		if err != nil {
			t.Fatal(err)
		}
		area := 0.0
		for i := 1; i < len(xy); i++ {
			area += (xy[i][0] - xy[i-1][0]) * (xy[i][1] + xy[i-1][1]) / 2
		}
		if want, err := AUROC(normal, anomalous); err != nil || !(math.Abs(area-want) <= 1e-12) {
			t.Errorf("rounded to %g: area %.12f, AUROC %.12f", rounding, area, want)
		}
		if first, last := xy[0], xy[len(xy)-1]; first[0] != 0 || first[1] != 0 || last[0] != 1 || last[1] != 1 {
			t.Errorf("from %v to %v", first, last)
		}
	}
}

func TestROCRefuses(t *testing.T) {
	if _, err := ROC([]float64{1, math.NaN()}, []float64{2}); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("NaN: got %v", err)
	}
	if _, err := ROC([]float64{1}, nil); err == nil || !strings.Contains(err.Error(), "found 1 and 0") {
		t.Errorf("no anomaly: got %v", err)
	}
}
