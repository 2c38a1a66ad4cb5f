package eval

import (
	"fmt"
	"math"
	"slices"
)

// Coverage says whether a flow's regions of highest density hold as many events as they
// promise. If they hold more, the flow is too wide; if fewer, it is overconfident or
// misses a part.
type Coverage struct {
	Levels []CoverageLevel `json:"levels"`
	// KS compares the log-densities of events with those of the flow's own draws, at
	// all levels at once. Its statistic is the largest deviation.
	KS Test `json:"ks"`
}

// CoverageLevel is the coverage of one region of highest density.
type CoverageLevel struct {
	Level    float64 `json:"level"`    // mass that the region should hold
	Expected float64 `json:"expected"` // mass inside the region's edge, which is one of the draws; within half a draw of Level
	Coverage float64 `json:"coverage"` // share of the events inside
	// SE is the standard deviation of Coverage for a perfect flow, from the
	// finite number of events and of draws.
	SE float64 `json:"se"`
}

// CoverageOf compares events, the log-densities of fresh data under a flow, with draws,
// those of its own samples. At level α the region is where the log-density exceeds the
// (1-α)-quantile of draws.
//
// An event may have log-density -Inf. CoverageOf returns an error for NaN and other
// infinities, naming the row, for fewer than 10 events or draws, and for levels too
// close to 0 or 1 for the number of draws.
func CoverageOf(events, draws, levels []float64) (Coverage, error) {
	if len(events) < 10 || len(draws) < 10 {
		return Coverage{}, fmt.Errorf("eval: coverage needs at least 10 events and 10 draws, found %d and %d", len(events), len(draws))
	}
	for i, v := range events {
		if math.IsNaN(v) || math.IsInf(v, 1) {
			return Coverage{}, fmt.Errorf("eval: the log-density of event %d is %g", i, v)
		}
	}
	for i, v := range draws {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Coverage{}, fmt.Errorf("eval: the log-density of draw %d is %g", i, v)
		}
	}
	events, draws = slices.Clone(events), slices.Clone(draws)
	c := Coverage{KS: ksTwoSample(events, draws)} // sorts both
	n, m := float64(len(events)), float64(len(draws))
	for _, level := range levels {
		// The mass of a perfect flow above the k-th lowest of m draws is
		// Beta(m+1-k, k), and so the number of events in it is beta-binomial.
		k := math.Round((1 - level) * (m + 1))
		if !(level > 0 && level < 1 && k >= 1 && k <= m) {
			return Coverage{}, fmt.Errorf("eval: %d draws cannot mark a region of mass %g", len(draws), level)
		}
		edge := draws[int(k)-1]
		below, _ := slices.BinarySearchFunc(events, edge, func(v, edge float64) int {
			if v <= edge {
				return -1
			}
			return 1
		})
		expected := 1 - k/(m+1)
		c.Levels = append(c.Levels, CoverageLevel{
			Level:    level,
			Expected: expected,
			Coverage: 1 - float64(below)/n,
			SE:       math.Sqrt(expected * (1 - expected) * (n + m + 1) / (n * (m + 2))),
		})
	}
	return c, nil
}
