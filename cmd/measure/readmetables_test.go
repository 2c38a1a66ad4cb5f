package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// tablesRow is the flow on one real table, beside others; see scripts/tables/real.py.
type tablesRow struct {
	Table      string
	Error      string
	Seconds    float64
	Impossible int
	NLL        map[string]*float64
	Worse, SE  map[string]float64
	Best       string
}

// The README's tables are those of report/measured/tables.json: on how many real tables
// the flow is clearly better or worse than each of the others, and the median KL of known
// densities. It loses clearly to a simple model on three tables in 60 at most, to a
// Gaussian on none.
func TestReadmeTables(t *testing.T) {
	text, err := os.ReadFile("../../report/measured/tables.json")
	if err != nil {
		t.Fatal(err)
	}
	var measured struct {
		Tables  []tablesRow
		Medians map[string]*float64
	}
	if err := json.Unmarshal(text, &measured); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	has := func(line string) {
		t.Helper()
		if !strings.Contains(string(page), line+"\n") {
			t.Errorf("README.md has not the line\n%s", line)
		}
	}
	for _, r := range measured.Tables {
		if r.Error != "" || r.Impossible > 0 {
			t.Errorf("%s: refused (%q), or %d rows are impossible", r.Table, r.Error, r.Impossible)
		}
	}
	for _, other := range []struct{ name, title string }{
		{"gaussian", "a Gaussian"}, {"mixture", "a mixture of Gaussians"}, {"kernel", "a kernel density"},
		{"", "the best of these three"}, {"zuko", "zuko's spline flow"}, {"flowjax", "flowjax's spline flow"},
	} {
		has(beside(measured.Tables, other.name, other.title))
	}
	lost := 0
	for _, r := range measured.Tables {
		if r.Worse[r.Best] > max(0.05, 2*r.SE[r.Best]) {
			lost++
		}
		if r.Worse["gaussian"] > max(0.05, 2*r.SE["gaussian"]) {
			t.Errorf("%s: clearly worse than a Gaussian", r.Table)
		}
	}
	if len(measured.Tables) < 60 || 20*lost > len(measured.Tables) {
		t.Errorf("clearly worse than a simple model on %d of %d tables, expected 3 of 60 at most", lost, len(measured.Tables))
	}
	for name, kl := range measured.Medians {
		line := fmt.Sprintf("| %s | none |", name)
		if kl != nil { // JSON has no infinity
			line = fmt.Sprintf("| %s | %.3f |", name, math.Round(1000**kl)/1000+0) // no -0
		}
		has(line)
	}
}

// beside is the README's line for one of the others, the best simple one for "".
func beside(rows []tablesRow, other, title string) string {
	var lower []float64
	better, worse, less := 0, 0, 0
	for _, r := range rows {
		name := cmp.Or(other, r.Best)
		by, ok := r.Worse[name]
		if _, ran := r.NLL[name]; !ran || r.Error != "" {
			continue
		}
		if r.NLL[name] == nil || !ok { // not a number
			by = math.Inf(-1)
		}
		lower = append(lower, -by)
		clearly := max(0.05, 2*r.SE[name])
		switch {
		case by > clearly:
			worse++
		case by < -clearly:
			better++
		}
		if by < 0 {
			less++
		}
	}
	slices.Sort(lower)
	median := math.NaN()
	if n := len(lower); n > 0 {
		median = (lower[(n-1)/2] + lower[n/2]) / 2
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %.2f |", title, len(lower), less, better, worse, median)
}
