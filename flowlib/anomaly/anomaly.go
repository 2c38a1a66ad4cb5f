// Package anomaly turns log-densities into decisions: it flags events that are too
// unlikely to be normal, at a chosen false-alarm rate.
//
// The score of an event is its log-density under a flow fitted to normal events. Lower
// is stranger.
package anomaly

import (
	"fmt"
	"math"
	"slices"
)

// Threshold returns the log-density below which an event is flagged. At most the share
// falseAlarm of normal lies below it; normal are log-densities of normal events that
// the fit has not seen.
//
// It returns an error unless 0 < falseAlarm < 1 and there are at least 1/falseAlarm
// normal events, without which the rate means nothing.
func Threshold(normal []float64, falseAlarm float64) (float64, error) {
	if !(falseAlarm > 0 && falseAlarm < 1) {
		return 0, fmt.Errorf("anomaly: the false-alarm rate must lie between 0 and 1, found %g", falseAlarm)
	}
	if float64(len(normal))*falseAlarm < 1 {
		return 0, fmt.Errorf("anomaly: %d normal events cannot set a threshold for a false-alarm rate of %g: at least %.0f are needed", len(normal), falseAlarm, math.Ceil(1/falseAlarm))
	}
	if err := checkScores(normal); err != nil {
		return 0, err
	}
	sorted := slices.Sorted(slices.Values(normal))
	return sorted[int(falseAlarm*float64(len(sorted)))], nil
}

// Rate returns the share of logProb below the threshold. NaN counts as below.
func Rate(logProb []float64, threshold float64) float64 {
	flagged := 0
	for _, lp := range logProb {
		if !(lp >= threshold) {
			flagged++
		}
	}
	return float64(flagged) / float64(len(logProb))
}

// checkScores returns an error for NaN. It allows -Inf, which is an event outside the
// support.
func checkScores(scores []float64) error {
	for i, s := range scores {
		if math.IsNaN(s) {
			return fmt.Errorf("anomaly: the log-density of event %d is NaN", i)
		}
	}
	return nil
}
