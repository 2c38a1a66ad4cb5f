package runs

import (
	"math"
	"slices"
	"testing"

	"normflow/flowlib/eval"
)

func TestSweepSummary(t *testing.T) {
	rows := []SweepRow{{Layers: 2, KLMedian: 0.3}, {Layers: 4, KLMedian: 0.1}, {Layers: 6, KLMedian: 0.2}}
	s := SweepSummary(rows)
	if s["best_layers"] != 4 || s["kl_best"] != 0.1 || s["gaps"] != "0.300 with 2 layers, 0.100 with 4, 0.200 with 6" {
		t.Errorf("got %v", s)
	}
}

// A sweep is three fits by the command, judged on fresh events; asked for again, it is read.
func TestSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command and fits three flows")
	}
	t.Setenv("FLOW_ROOT", "../../..")
	t.Setenv("FLOW_RUNS", t.TempDir())
	t.Setenv("FLOW_STEPS", "40")
	row := Sweep("moons05", []int{2})[0]
	slices.Sort(row.KL)
	if row.Layers != 2 || row.Params != 8836 || len(row.KL) != 3 || row.KLMedian != row.KL[1] || row.KL[0] < 0.2 || row.KL[2] > 5 || row.KL[0] == row.KL[2] {
		t.Errorf("%+v", row)
	}
	if got, err := eval.KL(row.median.Model, row.median.Density, row.median.Data.Test[:2000]); err != nil || math.Abs(got.Mean-row.KLMedian) > 5*got.SE {
		t.Errorf("the model has a KL of %v, %v, expected %.3f", got, err, row.KLMedian)
	}
	if len(SamplePanels([]SweepRow{row}, 10)) != 1 || forPlayer(row.median).Parameters != 8836 {
		t.Error("the median run is incomplete")
	}
	again := Sweep("moons05", []int{2})[0]
	if again.median.Dir != row.median.Dir || again.KLMedian != row.KLMedian {
		t.Errorf("%+v, then %+v", row, again)
	}
}
