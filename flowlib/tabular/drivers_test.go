package tabular

import "testing"

// Numbers far from 0 are shown to where they differ.
func TestDriverShowsTheDifference(t *testing.T) {
	for _, tt := range []struct {
		value, expected float64
		want            string
	}{
		{900001290.123, 900001320.456, "t is 900001290.1, not 900001320.5 (+1.0 nats)"},
		{1.5, 2, "t is 1.5, not 2 (+1.0 nats)"},
		{1e-300, 5, "t is 1e-300, not 5 (+1.0 nats)"},
		{7, 7, "t is 7, not 7 (+1.0 nats)"},
	} {
		if got := (Driver{Column: "t", Value: tt.value, Expected: tt.expected, Gain: 1}).String(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}
