package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"normflow/flowlib/dataset"
)

func TestDataListHasThemAll(t *testing.T) {
	var list []density
	if err := json.Unmarshal([]byte(must(t, "data", "list", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	text := must(t, "data", "list")
	for i, d := range dataset.Densities() {
		if list[i] != (density{d.Name, d.Features, d.Entropy}) || !strings.Contains(text, "\n"+d.Name+" ") || !strings.Contains(text, strconv.FormatFloat(d.Entropy, 'f', 6, 64)) {
			t.Errorf("%s: got %+v, and in\n%s", d.Name, list[i], text)
		}
	}
}

// What is written is what the library draws, whatever their number.
func TestDataSample(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.csv")
	said := must(t, "data", "sample", "rings", "-n", "5000", "--seed", "3", "-o", path, "--json")
	if want := `{"name":"rings","features":2,"entropy":2.623183,"count":5000,"seed":3,"out":` + strconv.Quote(path) + "}\n"; said != want {
		t.Errorf("said %s, want %s", said, want)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 5001 || strings.Join(rows[0], ",") != "x,y" {
		t.Fatalf("got %d rows, %v", len(rows), err)
	}
	for i, want := range dataset.Rings().Sample(3, 5000) {
		for j := range want {
			if got, err := strconv.ParseFloat(rows[i+1][j], 64); err != nil || got != want[j] {
				t.Fatalf("row %d is %v, want %v", i, rows[i+1], want)
			}
		}
	}
}
