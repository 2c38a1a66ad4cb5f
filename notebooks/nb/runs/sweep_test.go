package runs

import (
	"testing"
)

func TestSweepSummary(t *testing.T) {
	rows := []SweepRow{{Layers: 2, KLMedian: 0.3}, {Layers: 4, KLMedian: 0.1}, {Layers: 6, KLMedian: 0.2}}
	s := SweepSummary(rows)
	if s["best_layers"] != 4 || s["kl_best"] != 0.1 || s["kl_6"] != 0.2 {
		t.Errorf("got %v", s)
	}
}
