package figure

import (
	"slices"
	"testing"

	"gonum.org/v1/plot"
)

func TestTicks(t *testing.T) {
	labels := func(list []plot.Tick) (out []string) {
		for _, tick := range list {
			out = append(out, tick.Label)
		}
		return out
	}
	tests := []struct {
		ticker    plot.Ticker
		low, high float64
		want      []string
	}{
		{ticks{most: 5}, -1.1, 1.1, []string{"−1.0", "−0.5", "0.0", "0.5", "1.0"}},
		{ticks{most: 5, room: 70}, -4, 4, []string{"−4", "", "0", "", "4"}},
		{ticks{most: 5, room: 140}, -4, 4, []string{"−4", "−2", "0", "2", "4"}},
		{ticks{most: 6}, 0, 5000, []string{"0", "1,000", "2,000", "3,000", "4,000", "5,000"}},
		{ticks{most: 4}, 0, 0.031, []string{"0.00", "0.01", "0.02", "0.03"}},
		{logTicks{}, 0.009, 0.6, []string{"0.01", "0.02", "0.05", "0.1", "0.2", "0.5"}},
		{fitting{logTicks{}, 300}, 0.009, 0.6, []string{"0.01", "0.02", "0.05", "0.1", "0.2", "0.5"}},
		{fitting{logTicks{}, 100}, 0.009, 0.6, []string{"0.01", "0.1"}},
		{fitting{logTicks{}, 80}, 0.0009, 0.6, []string{"0.001", "", "0.1"}},
		{fitting{logTicks{}, 60}, 0.02, 0.6, []string{"0.02", "0.5"}},
		{logTicks{}, 1, 20000, []string{"1", "10", "100", "1,000", "10,000"}},
		{logTicks{}, 2e-17, 2, []string{"1e−15", "1e−12", "1e−9", "1e−6", "1e−3", "1"}},
		{logTicks{}, 1e-7, 5, []string{"1e−6", "1e−4", "1e−2", "1"}},
		{logTicks{}, 1e-6, 0.06, []string{"1e−6", "1e−5", "1e−4", "1e−3", "1e−2"}},
	}
	for _, tt := range tests {
		if got := labels(tt.ticker.Ticks(tt.low, tt.high)); !slices.Equal(got, tt.want) {
			t.Errorf("ticks from %v to %v: got %q, want %q", tt.low, tt.high, got, tt.want)
		}
	}
}
