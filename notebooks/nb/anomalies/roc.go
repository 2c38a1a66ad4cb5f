package anomalies

import (
	"slices"

	"github.com/janpfeifer/must"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/figure"
)

// ScoreFigure draws the distribution of the strangeness −log p in normal rows that the
// fit has not seen and in anomalies, with the threshold of the decision.
func ScoreFigure(info figure.Info, f Fitted, d anomaly.Decision) figure.SVG {
	strangeness := func(parts ...[]float64) (values []float64) {
		for _, lp := range slices.Concat(parts...) {
			values = append(values, -lp)
		}
		return values
	}
	return must.M1(figure.Histogram(info, "−log p (nats)", &figure.Mark{Name: "threshold", Value: -d.Threshold},
		figure.Sample{Name: f.Parts.Name, Values: strangeness(f.Scores.Calibration, f.Scores.Normal)},
		figure.Sample{Name: f.Parts.Other, Values: strangeness(f.Scores.Anomalies)}))
}

// ROCChart draws the curves of methods, and a dot at the first one's decision.
func ROCChart(methods []Method, d anomaly.Decision) figure.Chart {
	chart := figure.Chart{Name: "all thresholds", X: "share of normal rows flagged", Y: "share of anomalies flagged"}
	for _, m := range methods {
		chart.Lines = append(chart.Lines, figure.Line{Name: m.Name, XY: must.M1(anomaly.ROC(m.Scores.Normal, m.Scores.Anomalies))})
	}
	chart.Lines = append(chart.Lines, figure.Line{Name: "decision of the " + methods[0].Name, XY: [][]float64{{d.FalseAlarmRate(), d.Found()}}, Dots: true})
	return chart
}

// PromiseChart draws, for every false-alarm rate up to limit that a p-value can reach,
// the share of normal test rows flagged, with the promise and the band that contains the
// share 95 times in 100, for each rate separately.
func PromiseChart(s Scores, limit float64) figure.Chart {
	n, m := len(s.Calibration), len(s.Normal)
	p := s.pValues(s.Normal)
	promised, found := figure.Line{Name: "promised"}, figure.Line{Name: "happened"}
	for k := 1; float64(k)/float64(n+1) <= limit; k++ {
		alpha := float64(k) / float64(n+1)
		low, high := anomaly.Luck(m, n, k)
		promised.XY = append(promised.XY, []float64{alpha, alpha})
		promised.Low = append(promised.Low, float64(low)/float64(m))
		promised.High = append(promised.High, float64(high)/float64(m))
		found.XY = append(found.XY, []float64{alpha, float64(anomaly.CountAtMost(p, alpha)) / float64(m)})
	}
	return figure.Chart{Name: "promise and fact", X: "false-alarm rate asked for", Y: "share of normal rows flagged", Lines: []figure.Line{found, promised}}
}
