package anomaly

import (
	"math"
	"strings"
	"testing"
)

func TestThreshold(t *testing.T) {
	normal := make([]float64, 1000)
	for i := range normal {
		normal[i] = float64((i * 7919) % 1000) // 0..999 in some order
	}
	threshold, err := Threshold(normal, 0.05)
	if err != nil || threshold != 50 {
		t.Errorf("got %g, %v, want 50", threshold, err)
	}
	if rate := Rate(normal, threshold); rate != 0.05 {
		t.Errorf("flags %g of the normal events, want 0.05", rate)
	}
	if rate := Rate([]float64{math.NaN(), math.Inf(-1), 50, 51}, 50); rate != 0.5 {
		t.Errorf("flags %g of a NaN, an infinitely unlikely event and two normal ones, want 0.5", rate)
	}
	for want, err := range map[string]error{
		"between 0 and 1": second(Threshold(normal, 1)),
		"at least 2000":   second(Threshold(normal, 0.0005)),
		"event 1 is NaN":  second(Threshold([]float64{1, math.NaN()}, 0.5)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func second(_ float64, err error) error { return err }
