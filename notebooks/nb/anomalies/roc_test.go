package anomalies

import "testing"

func TestROCChartMarksTheFirst(t *testing.T) {
	s := Scores{Calibration: []float64{1, 2, 3}, Normal: []float64{0, 2, 3, 4}, Anomalies: []float64{-1, 0.5}}
	chart := ROCChart([]Method{{"one", s}, {"two", s}}, Decide(s, 0.25))
	last := chart.Lines[len(chart.Lines)-1]
	if len(chart.Lines) != 3 || last.Name != "decision of the one" || last.XY[0][0] != 0.25 || last.XY[0][1] != 1 {
		t.Errorf("%+v", last)
	}
}

// The fact is the decision's, at each rate that some p-value can reach.
func TestPromiseChart(t *testing.T) {
	s := Scores{Anomalies: []float64{0}, Normal: []float64{0, 1.5, 1.6, 9, 9}}
	for i := range 19 {
		s.Calibration = append(s.Calibration, float64(i+1))
	}
	chart := PromiseChart(s, 0.8)
	found, promised := chart.Lines[0], chart.Lines[1]
	if len(found.XY) != 16 || found.XY[0][0] != 0.05 || found.XY[0][1] != 0.2 || found.XY[1][1] != 0.6 || promised.XY[2][1] != 0.15 {
		t.Errorf("%v, promised %v", found.XY, promised.XY)
	}
	for k := range found.XY {
		d := Decide(s, found.XY[k][0])
		if found.XY[k][1] != d.FalseAlarmRate() || promised.Low[k] != float64(d.Low)/5 || promised.High[k] != float64(d.High)/5 {
			t.Errorf("at %g: %v in %g to %g, decided %+v", found.XY[k][0], found.XY[k][1], promised.Low[k], promised.High[k], d)
		}
	}
	if promised.Low[15] == 0 {
		t.Error("at a rate of 0.8 no row need be flagged")
	}
}
