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

// The README's table of AUROCs is that of report/measured/anomaly.json.
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
	slices.Sort(tables)
	for _, table := range tables {
		_, name, _ := strings.Cut(table, "_") // "38_thyroid"
		first := rows[slices.IndexFunc(rows, func(r row) bool { return r.Data == table })]
		line := fmt.Sprintf("| %s | %d × %d |", name, first.Train, first.Features)
		for _, method := range methods {
			sum, values := 0.0, means[table][method]
			for _, v := range values {
				sum += v
			}
			if len(values) != 3 {
				t.Errorf("%s, %s: %d seeds, expected three", table, method, len(values))
			}
			line += fmt.Sprintf(" %.3f |", sum/float64(len(values)))
		}
		if !strings.Contains(string(readme), line+"\n") {
			t.Errorf("README.md has not the line\n%s", line)
		}
	}
}
