package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// From a pipe to a pipe, with the columns the other way round.
func TestPipes(t *testing.T) {
	csv, model := moonsAndModel(t)
	text, err := os.ReadFile(csv)
	if err != nil {
		t.Fatal(err)
	}
	status, direct, notes := shell(t, "", "score", model, csv)
	if status != 0 || strings.Count(direct, "\n") != 1001 || !strings.HasPrefix(direct, "log_prob\n") || !strings.Contains(notes, "1000 rows on fast: mean log_prob -") {
		t.Fatalf("status %d, %s", status, notes)
	}
	var swapped strings.Builder
	for line := range strings.Lines(string(text)) {
		x, y, _ := strings.Cut(strings.TrimSpace(line), ",")
		swapped.WriteString(y + ";" + x + "\r\n")
	}
	status, piped, notes := shell(t, swapped.String(), "score", model, "-", "-o", "-")
	if status != 0 || piped != direct {
		t.Errorf("status %d, other scores from a pipe: %s", status, notes)
	}
	status, drawn, _ := shell(t, "", "sample", model, "-n", "3", "--log-prob")
	if status != 0 || strings.Count(drawn, "\n") != 4 || !strings.HasPrefix(drawn, "x,y,log_prob\n") {
		t.Errorf("status %d, drew %s", status, drawn)
	}
	status, flagged, summary := shell(t, drawn, "anomaly", model, "-", "--false-alarm", "0.05", "-o", "-")
	if status != 0 || !strings.HasPrefix(flagged, "log_prob,score,p_value,anomaly,drivers\n") || !strings.Contains(summary, "of 3 rows flagged") || !strings.Contains(summary, "ignored, not in the model: log_prob") {
		t.Errorf("status %d, %s, %s", status, flagged, summary)
	}
	page := filepath.Join(t.TempDir(), "page.html")
	if said := must(t, "eval", model, csv, "-o", page); !strings.Contains(said, "The model was fitted to these rows") || !strings.Contains(said, "at the fit ") {
		t.Errorf("eval says %s", said)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.HasPrefix(string(text), "<!DOCTYPE html>") {
		t.Error(err)
	}
	// The model fitted from a pipe knows no file.
	other := filepath.Join(t.TempDir(), "m")
	if status, _, notes := shell(t, string(text), "fit", "-", "-o", other, "--model", "realnvp", "--layers", "2", "--steps", "50"); status != 0 {
		t.Error(notes)
	}
}
