package imagefit

import (
	"cmp"
	"fmt"
	"slices"

	"normflow/flowlib/anomaly"
)

// Flagged says which of the pictures judged are anomalies.
type Flagged struct {
	FalseAlarm float64  `json:"false_alarm"` // share of normal pictures that may be flagged
	Calibrated int      `json:"calibrated"`  // number of held-out pictures compared with
	Flagged    int      `json:"flagged"`
	Names      []string `json:"flagged_pictures"`
	// Least is the lowest false-alarm rate that the held-out pictures can promise. If
	// FalseAlarm is lower, Promised is false and nothing is flagged.
	Least    float64 `json:"least_false_alarm"`
	Promised bool    `json:"promised"`
	// Strangest holds at most ten flagged pictures, lowest log-density first; if nothing
	// can be flagged, ten of all pictures.
	Strangest []Strange `json:"strangest"`
}

// Strange describes one of the strangest pictures.
type Strange struct {
	Picture string  `json:"picture"`
	LogProb float64 `json:"log_prob"` // nats
	PerDim  float64 `json:"bits_per_dim"`
	PValue  float64 `json:"p_value"`
}

// CheckFalseAlarm returns an error unless a share of the normal pictures can be flagged.
func CheckFalseAlarm(rate float64) error {
	if !(rate > 0 && rate < 1) {
		return fmt.Errorf("expected a share of the normal pictures between 0 and 1, found %g", rate)
	}
	return nil
}

// Flag flags the pictures whose p-value is at most falseAlarm. Of pictures exchangeable
// with those held out at the fit, that share is flagged.
func (s *Scores) Flag(falseAlarm float64) (*Flagged, error) {
	if err := CheckFalseAlarm(falseAlarm); err != nil {
		return nil, err
	}
	f := &Flagged{FalseAlarm: falseAlarm, Calibrated: s.calibrated, Least: anomaly.Least(s.calibrated), Names: []string{}, Strangest: []Strange{}}
	f.Promised = anomaly.Rank(s.calibrated, falseAlarm) > 0
	for i, p := range s.PValue {
		if p <= falseAlarm {
			f.Names = append(f.Names, s.Names[i])
		}
		if p <= falseAlarm || !f.Promised {
			f.Strangest = append(f.Strangest, Strange{s.Names[i], s.LogProb[i], s.Each[i], p})
		}
	}
	f.Flagged = len(f.Names)
	slices.SortStableFunc(f.Strangest, func(a, b Strange) int { return cmp.Compare(a.LogProb, b.LogProb) })
	const most = 10
	f.Strangest = f.Strangest[:min(most, len(f.Strangest))]
	return f, nil
}
