package main

import "testing"

// A condition is written like a number in a table: Go reads more.
func TestConditionOfOneLine(t *testing.T) {
	for text, want := range map[string]float64{"c=2": 2, "c=-3.5e2": -350, "c=True": 1, "c=false": 0} {
		if got, err := parseCondition(text); err != nil || got["c"] != want {
			t.Errorf("%s: got %v, %v, want %g", text, got, err, want)
		}
	}
	for _, text := range []string{"c=1_000", "c=0x1p4", "c=0X10", "c=yes", "c=", "c", "c=1,c=2"} {
		if got, err := parseCondition(text); err == nil {
			t.Errorf("%s: got %v, want an error", text, got)
		}
	}
}
