package anomaly

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

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
