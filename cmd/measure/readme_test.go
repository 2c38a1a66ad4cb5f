package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// committed is a file of report/measured, and the README that speaks of it.
func committed[R any](t *testing.T, name string) (rows []R, readme string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return readRows[R](t, "../../report/measured/"+name+".json"), string(text)
}

// The README's table is that of report/measured/defaults.json: for each density the
// median and the worst of three seeds, and the median time.
func TestReadmeDefaults(t *testing.T) {
	rows, readme := committed[defaultsRow](t, "defaults")
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
		if !strings.Contains(readme, line+"\n") {
			t.Errorf("README.md has not the line\n%s", line)
		}
	}
}

// methods are the columns of the README's table.
var methods = []string{"flow", "iforest", "gmm1", "gmm5", "gmm10", "knn5", "lof20"}

// The README's table of AUROCs is that of report/measured/anomaly.json, and what it
// says of it holds: the flow is within 0.01 of the best, and how long it takes.
func TestReadmeAnomaly(t *testing.T) {
	rows, readme := committed[anomalyRow](t, "anomaly")
	means := map[string]map[string][]float64{}
	var tables []string
	for _, r := range rows {
		if means[r.Data] == nil {
			means[r.Data] = map[string][]float64{}
			tables = append(tables, r.Data)
		}
		means[r.Data][r.Method] = append(means[r.Data][r.Method], r.AUROC)
	}
	if len(tables) < 5 {
		t.Errorf("tables %v, expected five", tables)
	}
	least, most := math.Inf(1), 0.0 // seconds of the flow
	for _, r := range rows {
		if r.Method == method {
			least, most = min(least, r.Seconds), max(most, r.Seconds)
		} else if r.Seconds >= 1 {
			t.Errorf("%s by %s took %.1f s", r.Data, r.Method, r.Seconds)
		}
	}
	if says := fmt.Sprintf("the flow in %.1f to %.1f seconds.", least, most); !strings.Contains(readme, says) {
		t.Errorf("README.md has not %q", says)
	}
	slices.Sort(tables)
	for _, table := range tables {
		_, name, _ := strings.Cut(table, "_") // "38_thyroid"
		first := rows[slices.IndexFunc(rows, func(r anomalyRow) bool { return r.Data == table })]
		line := fmt.Sprintf("| %s | %d × %d |", name, first.Train, first.Features)
		flow, best := 0.0, 0.0
		for _, method := range methods {
			sum, values := 0.0, means[table][method]
			for _, v := range values {
				sum += v
			}
			if len(values) != 3 {
				t.Errorf("%s, %s: %d seeds, expected three", table, method, len(values))
			}
			mean := sum / float64(len(values))
			line += fmt.Sprintf(" %.3f |", mean)
			if best = max(best, mean); method == "flow" {
				flow = mean
			}
		}
		if !(flow >= best-0.01) {
			t.Errorf("%s: the flow has %.4f, the best %.4f", table, flow, best)
		}
		if !strings.Contains(readme, line+"\n") {
			t.Errorf("README.md has not the line\n%s", line)
		}
	}
}
