package anomaly

import "fmt"

// AveragePrecision is the mean, over the anomalies, of the share of anomalies
// among all events that are as strange or stranger: the area under the
// precision-recall curve as a sum of steps. Tied events come together: the curve
// has one point for each log-density there is,
//
//	AP = Σ_n (R_n - R_{n-1})·P_n
//
// with recall R and precision P of flagging up to the n-th lowest log-density.
// Guessing gives about the share of anomalies among all.
//
// Source: scikit-learn's average_precision_score, whose figures it reproduces.
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
