package anomaly

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"normflow/flowlib/density"
)

// Driver says how much one column contributes to an event's strangeness.
type Driver struct {
	Column int `json:"column"` // counted from 0
	// Gain, in nats, is how much the log-density rises if the column takes the best
	// candidate value and the other columns stay; 0 if no candidate is better. It is
	// +Inf if the event has density 0 and a candidate makes it positive.
	Gain float64 `json:"gain"`
	// Expected is that best value, or the event's own.
	Expected float64 `json:"expected"`
}

// Drivers returns, for each event, its columns from the one that drives it most on:
//
//	gain_d = max_v log q(x_1, …, x_d = v, …, x_D) - log q(x),   v of candidates[d]
//
// which asks how unlikely x_d is given all the other columns. For a Gaussian and
// enough candidates it is z²/2, with z the distance of x_d from its conditional
// mean in conditional standard deviations. Gains of several columns do not add up;
// where two columns contradict each other, each of them has a gain.
//
// events are [n, D], or [n, D+C] with context behind, which stays; candidates [D]
// are values of each column that are normal, see [Candidates]. The scorer is asked for n·(1 + Σ len(candidates[d])) of them.
//
// To replace a column by other values and see what changes is the prediction
// difference of Robnik-Šikonja and Kononenko 2008, section 3,
// https://doi.org/10.1109/TKDE.2007.190734, who average over all values; the best
// one says besides what would have been normal.
func Drivers(by density.Scorer, events, candidates [][]float64) ([][]Driver, error) {
	perEvent := 1
	for _, values := range candidates {
		perEvent += len(values)
	}
	all := make([][]Driver, 0, len(events))
	for group := range slices.Chunk(events, max(1, maxRows/perEvent)) {
		var rows [][]float64
		for i, event := range group {
			if len(event) < len(candidates) {
				return nil, fmt.Errorf("anomaly: event %d has %d columns, expected at least %d", len(all)+i, len(event), len(candidates))
			}
			rows = append(rows, event)
			for d, values := range candidates {
				for _, v := range values {
					row := slices.Clone(event)
					row[d] = v
					rows = append(rows, row)
				}
			}
		}
		scores, err := density.LogProb(by, rows)
		if err != nil {
			return nil, err
		}
		if err := checkScores(scores); err != nil {
			return nil, fmt.Errorf("%w, looking for what drives events", err)
		}
		for i, event := range group {
			all = append(all, rank(event, candidates, scores[i*perEvent:(i+1)*perEvent]))
		}
	}
	return all, nil
}

// maxRows is roughly how many rows are scored at a time.
const maxRows = 4096

// rank picks the best value of each column; scores are the event's own, then those
// of its candidates, column by column.
func rank(event []float64, candidates [][]float64, scores []float64) []Driver {
	own, scores := scores[0], scores[1:]
	drivers := make([]Driver, len(candidates))
	for d, values := range candidates {
		drivers[d] = Driver{Column: d, Expected: event[d]}
		best := own
		for k, v := range values {
			if scores[k] > best {
				best = scores[k]
				drivers[d].Gain, drivers[d].Expected = best-own, v
			}
		}
		scores = scores[len(values):]
	}
	slices.SortStableFunc(drivers, func(a, b Driver) int { return cmp.Compare(b.Gain, a.Gain) })
	return drivers
}

// Candidates returns at most k values for each of the first features columns of rows,
// [n, D+C]: the medians of k equal shares of the sorted column, without repeats.
func Candidates(rows [][]float64, features, k int) [][]float64 {
	candidates := make([][]float64, features)
	column := make([]float64, len(rows))
	for d := range candidates {
		for i, row := range rows {
			column[i] = row[d]
		}
		slices.Sort(column)
		for i := range min(k, len(column)) {
			at := (float64(i) + 0.5) / float64(min(k, len(column)))
			candidates[d] = append(candidates[d], column[int(math.Floor(at*float64(len(column))))])
		}
		candidates[d] = slices.Compact(candidates[d])
	}
	return candidates
}
