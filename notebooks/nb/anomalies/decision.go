package anomalies

import (
	"github.com/janpfeifer/must"

	"normflow/flowlib/anomaly"
)

// Decide flags the test rows as flow anomaly does. It panics if no p-value can be as
// small as asked.
func Decide(s Scores, asked float64) anomaly.Decision {
	return must.M1(anomaly.Decide(s.Calibration, s.Normal, s.Anomalies, asked))
}

// pValues returns the conformal p-values of log-densities.
func (s Scores) pValues(logProb []float64) []float64 {
	return must.M1(anomaly.PValues(s.Calibration, logProb))
}

// Summary returns the decision for the report.
func Summary(d anomaly.Decision) map[string]float64 {
	return map[string]float64{
		"false_alarm": d.Asked, "calibrated": float64(d.Calibrated), "promised": d.Promised, "least": d.Least, "threshold": d.Threshold,
		"normal": float64(d.Normal), "anomalies": float64(d.Anomalies), "false_alarms": d.FalseAlarmRate(), "found": d.Found(),
		"auroc": d.AUROC, "average_precision": d.AveragePrecision,
	}
}
