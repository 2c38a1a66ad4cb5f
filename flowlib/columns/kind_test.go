package columns

import (
	"strings"
	"testing"
)

func TestParseKind(t *testing.T) {
	for text, want := range map[string]Kind{
		"positive": "positive", "positive(-3)": "positive(-3)", "bounded(0, 100)": "bounded(0,100)",
		"periodic": "periodic", "periodic(0,24)": "periodic(0,24)", "tails": "tails", "continuous": "continuous",
	} {
		if got, err := ParseKind(text); got != want || err != nil {
			t.Errorf("ParseKind(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":               `expected continuous, positive`,
		"Positive":       `expected continuous, positive`,
		"bounded(1":      "bracket",
		"bounded(1)":     "two edges",
		"bounded(1,0)":   "two edges",
		"bounded(0,x)":   `found "x"`,
		"positive(1,2)":  "one edge",
		"positive()":     `found ""`,
		"tails(3)":       "no edges",
		"bounded(0,Inf)": `found "Inf"`,
		"a\x1b[2J":       `\x1b`,
	} {
		if got, err := ParseKind(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseKind(%q) = %q, %v, want an error with %q", text, got, err, want)
		}
	}
}
