package runs

import (
	"testing"
)

func TestSweepSummary(t *testing.T) {
	rows := []SweepRow{{Layers: 2, KLMedian: 0.3}, {Layers: 4, KLMedian: 0.1}, {Layers: 6, KLMedian: 0.2}}
	s := SweepSummary(rows)
	if s["best_layers"] != 4 || s["kl_best"] != 0.1 || s["gaps"] != "0.300 with 2 layers, 0.100 with 4, 0.200 with 6" {
		t.Errorf("got %v", s)
	}
}
