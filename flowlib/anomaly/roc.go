package anomaly

import "fmt"

// ROC returns the ROC curve: for every threshold on the log-density, from the lowest
// up, the point [share of normal events, share of anomalies] below it, from (0, 0) to
// (1, 1). Tied log-densities make one slanted step, so that the area under the curve is
// [AUROC]. It returns an error for NaN, and unless there are events of both kinds.
func ROC(normal, anomalous []float64) (points [][]float64, err error) {
	if len(normal) == 0 || len(anomalous) == 0 {
		return nil, fmt.Errorf("anomaly: ROC needs normal and anomalous events, found %d and %d", len(normal), len(anomalous))
	}
	normalBelow, anomaliesBelow := 0, 0
	points = [][]float64{{0, 0}}
	err = eachTie(normal, anomalous, func(tiedNormal, tiedAnomalous int) {
		normalBelow += tiedNormal
		anomaliesBelow += tiedAnomalous
		points = append(points, []float64{float64(normalBelow) / float64(len(normal)), float64(anomaliesBelow) / float64(len(anomalous))})
	})
	return points, err
}
