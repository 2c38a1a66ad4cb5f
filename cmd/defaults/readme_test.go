package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The README's table is that of report/measured/defaults.json: for each density the
// median and the worst of three seeds, and the median time.
func TestReadmeTable(t *testing.T) {
	text, err := os.ReadFile("../../report/measured/defaults.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	kl, seconds := map[string][]float64{}, map[string][]float64{}
	for _, r := range rows {
		kl[r.Data] = append(kl[r.Data], r.KL)
		seconds[r.Data] = append(seconds[r.Data], r.Seconds)
	}
	if len(kl) != 9 {
		t.Errorf("%d densities, expected nine", len(kl))
	}
	for name := range kl {
		if len(kl[name]) != 3 {
			t.Errorf("%s: %d seeds, expected three", name, len(kl[name]))
			continue
		}
		slices.Sort(kl[name])
		slices.Sort(seconds[name])
		limit := 0.02 // what the defaults are to keep, 0.05 where there are edges and arms
		if name == "checkerboard" || name == "spirals" {
			limit = 0.05
		}
		if !(kl[name][2] <= limit) {
			t.Errorf("%s: KL %.4f, expected at most %g", name, kl[name][2], limit)
		}
		line := fmt.Sprintf("| %s | %.4f | %.4f | %.0f |", name, kl[name][1], kl[name][2], seconds[name][1])
		if !strings.Contains(string(readme), line+"\n") {
			t.Errorf("README.md has not the line\n%s", line)
		}
	}
}
