package main

import (
	"strings"
	"testing"
)

func TestConditionOfOneLine(t *testing.T) {
	if got, err := parseCondition("c=2,colour=dark red"); err != nil || len(got) != 2 || got["c"] != "2" || got["colour"] != "dark red" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"c", "c=1,c=2", "c=1,", "\"a, b\"=1"} {
		if got, err := parseCondition(text); err == nil || !strings.Contains(err.Error(), "in a table (--condition FILE.csv)") {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}
