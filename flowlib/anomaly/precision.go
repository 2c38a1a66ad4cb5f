package anomaly

import "fmt"

// AveragePrecision returns the area under the precision-recall curve as a sum of steps:
// the mean, over the anomalies, of the share of anomalies among all events that are at
// least as strange. Tied events count together, so the curve has one point for each
// distinct log-density,
//
//	AP = Σ_n (R_n - R_{n-1})·P_n
//
// where R and P are recall and precision if events up to the n-th lowest log-density
// are flagged. Guessing gives about the share of anomalies among all events.
//
// Source: scikit-learn's average_precision_score, whose results it reproduces.
func AveragePrecision(normal, anomalous []float64) (float64, error) {
	if len(normal) == 0 || len(anomalous) == 0 {
		return 0, fmt.Errorf("anomaly: average precision needs normal and anomalous events, found %d and %d", len(normal), len(anomalous))
	}
	sum, found, flagged := 0.0, 0, 0
	err := eachTie(normal, anomalous, func(tiedNormal, tiedAnomalous int) {
		found += tiedAnomalous
		flagged += tiedNormal + tiedAnomalous
		sum += float64(tiedAnomalous) * float64(found) / float64(flagged)
	})
	return sum / float64(len(anomalous)), err
}
