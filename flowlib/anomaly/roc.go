package anomaly

import (
	"fmt"
	"math"
	"slices"
)

// AUROC returns the probability that an anomaly scores lower than a normal event, where
// ties count half. It is the area under the ROC curve, computed from ranks
// (Mann-Whitney).
func AUROC(normal, anomalous []float64) (float64, error) {
	wins, anomaliesBelow := 0.0, 0
	err := eachTie("AUROC", normal, anomalous, func(tiedNormal, tiedAnomalous int) {
		wins += float64(tiedNormal) * (float64(anomaliesBelow) + float64(tiedAnomalous)/2)
		anomaliesBelow += tiedAnomalous
	})
	return wins / float64(len(normal)) / float64(len(anomalous)), err
}

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
	sum, found, flagged := 0.0, 0, 0
	err := eachTie("average precision", normal, anomalous, func(tiedNormal, tiedAnomalous int) {
		found += tiedAnomalous
		flagged += tiedNormal + tiedAnomalous
		sum += float64(tiedAnomalous) * float64(found) / float64(flagged)
	})
	return sum / float64(len(anomalous)), err
}

// ROC returns the ROC curve: for every threshold on the log-density, from the lowest
// up, the point [share of normal events, share of anomalies] below it, from (0, 0) to
// (1, 1). Tied log-densities make one slanted step, so that the area under the curve is
// [AUROC]. It returns an error for NaN, and unless there are events of both kinds.
func ROC(normal, anomalous []float64) (points [][]float64, err error) {
	normalBelow, anomaliesBelow := 0, 0
	points = [][]float64{{0, 0}}
	err = eachTie("ROC", normal, anomalous, func(tiedNormal, tiedAnomalous int) {
		normalBelow += tiedNormal
		anomaliesBelow += tiedAnomalous
		points = append(points, []float64{float64(normalBelow) / float64(len(normal)), float64(anomaliesBelow) / float64(len(anomalous))})
	})
	return points, err
}

// eachTie calls do for each distinct log-density, from the lowest up, with the number
// of events of each kind that have it. The error names what they are for.
func eachTie(what string, normal, anomalous []float64, do func(tiedNormal, tiedAnomalous int)) error {
	if len(normal) == 0 || len(anomalous) == 0 {
		return fmt.Errorf("anomaly: %s needs normal and anomalous events, found %d and %d", what, len(normal), len(anomalous))
	}
	if err := checkScores(slices.Concat(normal, anomalous)); err != nil {
		return err
	}
	n, a := slices.Sorted(slices.Values(normal)), slices.Sorted(slices.Values(anomalous))
	for i, j := 0, 0; i < len(n) || j < len(a); {
		lowest := math.Inf(1)
		if i < len(n) {
			lowest = n[i]
		}
		if j < len(a) {
			lowest = min(lowest, a[j])
		}
		tied := [2]int{i, j}
		for i < len(n) && n[i] == lowest {
			i++
		}
		for j < len(a) && a[j] == lowest {
			j++
		}
		do(i-tied[0], j-tied[1])
	}
	return nil
}
