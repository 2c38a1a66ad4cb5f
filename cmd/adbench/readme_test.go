package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// methods are the columns of the README's table.
var methods = []string{"flow", "iforest", "gmm1", "gmm5", "gmm10", "knn5", "lof20"}

// The README's table of AUROCs is that of report/measured/anomaly.json, and what it
// says of it holds: the flow is within 0.01 of the best, and slower.
func TestReadmeTable(t *testing.T) {
	text, err := os.ReadFile("../../report/measured/anomaly.json")
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
	for _, r := range rows {
		if fast := r.Seconds < 1; fast != (r.Method != method) {
			t.Errorf("%s by %s took %.1f s", r.Data, r.Method, r.Seconds)
		}
	}
	slices.Sort(tables)
	for _, table := range tables {
		_, name, _ := strings.Cut(table, "_") // "38_thyroid"
		first := rows[slices.IndexFunc(rows, func(r row) bool { return r.Data == table })]
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
		if !strings.Contains(string(readme), line+"\n") {
			t.Errorf("README.md has not the line\n%s", line)
		}
	}
}
