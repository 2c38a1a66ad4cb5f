package anomaly

import (
	"fmt"
	"math"
	"slices"
)

// PValues returns the conformal p-value of each log-density: with the m
// log-densities of calibration, normal events that the fit has not seen,
//
//	p = (1 + #{calibration <= logProb}) / (m + 1)
//
// If an event is normal too, exchangeable with those of calibration, then p <= α
// has probability at most α, for every α and whatever the flow has learned:
// flagging p <= α gives a share α of false alarms, on average over calibrations.
// No p is below 1/(m+1), see [Least].
//
// Source: Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World,
// section 2.2; Bates et al. 2023, https://arxiv.org/abs/2104.08279, equation 2.
// It returns an error for NaN, and unless there are events of calibration.
func PValues(calibration, logProb []float64) ([]float64, error) {
	if len(calibration) == 0 {
		return nil, fmt.Errorf("anomaly: p-values need normal events to compare with, found none")
	}
	if err := checkScores(calibration); err != nil {
		return nil, fmt.Errorf("%w, of calibration", err)
	}
	if err := checkScores(logProb); err != nil {
		return nil, err
	}
	sorted := slices.Sorted(slices.Values(calibration))
	p := make([]float64, len(logProb))
	for i, lp := range logProb {
		above, _ := slices.BinarySearch(sorted, math.Nextafter(lp, math.Inf(1))) // the first that is greater than lp
		if math.IsInf(lp, 1) {
			above = len(sorted)
		}
		p[i] = float64(1+above) / float64(len(sorted)+1)
	}
	return p, nil
}

// Least returns 1/(m+1), the lowest p-value possible with m calibration events, and so
// the lowest false-alarm rate they can promise.
func Least(m int) float64 { return 1 / float64(m+1) }

// CheckRate returns an error if no p-value of m calibration events can reach the rate
// falseAlarm: it must satisfy 0 < falseAlarm < 1 and falseAlarm >= 1/(m+1).
func CheckRate(m int, falseAlarm float64) error {
	if !(falseAlarm > 0 && falseAlarm < 1) {
		return fmt.Errorf("anomaly: the false-alarm rate must lie between 0 and 1, found %g", falseAlarm)
	}
	if least := Least(m); falseAlarm < least {
		return fmt.Errorf("anomaly: %d held-out normal events give no p-value below %.3g, so that nothing could be flagged at a false-alarm rate of %g: at least %.0f are needed", m, least, falseAlarm, math.Ceil(1/falseAlarm-1e-9)-1)
	}
	return nil
}

// Rank returns ⌊α(m+1)⌋, where α < 1 is falseAlarm: how many of the p-values 1/(m+1),
// 2/(m+1), …, m/(m+1) are at most α. An event is flagged if its log-density is among
// that many of the lowest calibration scores.
func Rank(m int, falseAlarm float64) (k int) {
	for k < m && float64(k+1)/float64(m+1) <= falseAlarm { // as PValues divides
		k++
	}
	return k
}
