package anomalies

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/anomaly"
)

// rivalry has AUROCs by method and split.
func rivalry(auroc ...[]float64) (r Rivals) {
	for i, values := range auroc {
		r.Names = append(r.Names, []string{"flow", "normal distribution", "column by column"}[i])
		r.Decisions = append(r.Decisions, nil)
		for _, v := range values {
			r.Decisions[i] = append(r.Decisions[i], anomaly.Decision{AUROC: v, AveragePrecision: v / 2, Hits: 1, Anomalies: 4, FalseAlarms: 1, Normal: 10})
		}
	}
	return r
}

// What is said follows from the splits, one by one.
func TestAnswerOfRivals(t *testing.T) {
	flow := []float64{0.9, 0.8, 0.7}
	for verdict, other := range map[string][]float64{
		"higher on 3, lower on 0 of 3 splits, by +0.100 on average (+0.050 to +0.150): the flow wins":  {0.85, 0.7, 0.55},
		"higher on 0, lower on 3 of 3 splits, by -0.100 on average (-0.100 to -0.100): the flow loses": {1, 0.9, 0.8},
		"higher on 1, lower on 1 of 3 splits, by +0.100 on average (-0.100 to +0.400): neither wins":   {0.5, 0.8, 0.8},
	} {
		if answer := rivalry(flow, other).Answer(); !strings.Contains(answer, "flow against normal distribution: AUROC "+verdict) {
			t.Errorf("against %v: %s", other, answer)
		}
	}
}

func TestRivalsSummaryAndPanels(t *testing.T) {
	r := rivalry([]float64{0.9, 0.8}, []float64{1, 0.9})
	s := r.Summary()
	flow, normal := s["flow"].(map[string]float64), s["normal_distribution"].(map[string]float64)
	if s["splits"] != 2 || !(math.Abs(flow["auroc"]-0.85) <= 1e-12) || !(math.Abs(normal["average_precision"]-0.475) <= 1e-12) || flow["anomalies_found"] != 0.25 || flow["false_alarms"] != 0.1 {
		t.Errorf("%v", s)
	}
	if table := r.table(); len(table) != 5 || len(table[4]) != 3 || table[0][2] != "normal distribution" || table[1][1] != "0.850 (0.800–0.900)" || table[4][2] != "0.100 (0.100–0.100)" {
		t.Errorf("%q", table)
	}
	panels := r.Panels()
	if len(panels) != 2 || !(math.Abs(panels[0].Values[0][0][1]-0.2) <= 1e-12) || !(math.Abs(panels[1].Values[1][0][0]-0.5) <= 1e-12) {
		t.Errorf("%v", panels)
	}
}
