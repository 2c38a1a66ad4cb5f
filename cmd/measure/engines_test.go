package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"normflow/internal/numbers"
)

func TestEngines(t *testing.T) {
	rows := measured[enginesRow](t, 0, "engines", "--engine=go", "--data=moons10", "--seeds=3", "--rows=1000", "--test=2000", "--steps=40", "--model=realnvp")
	if len(rows) != 2 || rows[0].Backend != "fast" || rows[1].Backend != "go" {
		t.Fatalf("got %+v", rows)
	}
	for _, r := range rows {
		if !(r.Median > 0) || !(r.Most >= r.OneInHundred) || !(r.OneInHundred >= r.Median) || !(r.Most < 1e-4) {
			t.Errorf("%+v", r)
		}
	}
	if !(math.Abs(rows[0].KL-rows[1].KL) < 0.2) {
		t.Errorf("KL %g and %g", rows[0].KL, rows[1].KL)
	}
}

// By the measured fits the engines agree: on each density the medians lie as close as
// seeds do, scores are the same to 1e-5, and docs/gradients.md has the table of them.
func TestEnginesAgree(t *testing.T) {
	rows := readRows[enginesRow](t, "../../report/measured/engines.json")
	page, err := os.ReadFile("../../docs/gradients.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	kls, apart := map[string]map[string][]float64{}, map[string][3]float64{}
	for _, r := range rows {
		if kls[r.Data] == nil {
			kls[r.Data] = map[string][]float64{}
			names = append(names, r.Data)
		}
		kls[r.Data][r.Backend] = append(kls[r.Data][r.Backend], r.KL)
		of := apart[r.Data]
		apart[r.Data] = [3]float64{max(of[0], r.Median), max(of[1], r.OneInHundred), max(of[2], r.Most)}
	}
	if len(names) != 9 {
		t.Errorf("%d densities, expected 9", len(names))
	}
	for _, name := range names {
		fast, xla := kls[name]["fast"], kls[name]["xla:cpu"]
		if len(fast) < 3 || len(fast) != len(xla) {
			t.Fatalf("%s: %d fits by fast and %d by XLA, expected the same seeds, at least three", name, len(fast), len(xla))
		}
		slices.Sort(fast)
		slices.Sort(xla)
		last := len(fast) - 1
		noise := max(fast[last]-fast[0], xla[last]-xla[0])
		if off := math.Abs(numbers.Median(fast) - numbers.Median(xla)); !(off <= noise) {
			t.Errorf("%s: medians are %.4f apart, seeds %.4f", name, off, noise)
		}
		if !(apart[name][2] <= 1e-5) {
			t.Errorf("%s: scores differ by up to %.2g, relative, expected 1e-5 at most", name, apart[name][2])
		}
		line := fmt.Sprintf("| %s | %.4f (%.4f to %.4f) | %.4f (%.4f to %.4f) | %.0e | %.0e | %.0e |\n", name,
			numbers.Median(fast), fast[0], fast[last], numbers.Median(xla), xla[0], xla[last], apart[name][0], apart[name][1], apart[name][2])
		if !strings.Contains(string(page), line) {
			t.Errorf("docs/gradients.md has not the line\n%s", line)
		}
	}
}
