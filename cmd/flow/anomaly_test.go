package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// A rate that cannot be promised is no error: the strangest rows are listed, and a
// warning says from which rate on rows can be flagged.
func TestRateThatCannotBePromised(t *testing.T) {
	csv, model := moonsAndModel(t)
	status, out, notes := shell(t, "", "anomaly", model, csv, "--false-alarm", "0.001")
	if status != 0 || !strings.Contains(notes, "warning: 100 normal rows to compare with can promise no rate of false alarms below 0.009901") || strings.Count(out, "  score ") != 10 {
		t.Errorf("status %d, printed\n%s\n%s", status, out, notes)
	}
	var a struct {
		Promised bool
		Least    float64 `json:"least_false_alarm"`
		Flagged  int
		Warnings []string
	}
	text := must(t, "anomaly", model, csv, "--false-alarm", "0.001", "--json")
	if err := json.Unmarshal([]byte(text), &a); err != nil || a.Promised || a.Least != 1./101 || a.Flagged != 0 || len(a.Warnings) != 2 {
		t.Errorf("%v in %s", err, text)
	}
}
