package main

import (
	"math"
	"testing"
)

// A whole measurement, as small as can be: the file holds what the report reads.
func TestQuality(t *testing.T) {
	if testing.Short() {
		t.Skip("scores a grid of 640,000 points")
	}
	t.Setenv("FLOW_RUNS", t.TempDir())
	rows := measured[map[string]any](t, 0, "quality", "--model=realnvp", "--data=moons05", "--seeds=0,1", "--jobs=2",
		"--steps=10", "--train=500", "--valid=100", "--test=100", `--flow={"layers":2,"hidden":[4]}`, `--fit={"batch_size":32}`)
	if len(rows) != 2 {
		t.Fatalf("%d rows of 2", len(rows))
	}
	for i, r := range rows {
		if r["model"] != "realnvp" || r["data"] != "moons05" || r["seed"] != float64(i) || r["params"] != 36.0 || r["steps"] != 10.0 {
			t.Errorf("row %d: %v", i, r)
		}
		// The mean of log p is minus the entropy, but for the noise of 100 points.
		nll, kl, se := r["nll"].(float64), r["kl"].(float64), r["kl_se"].(float64)
		if !(math.Abs(nll-kl-0.289234) <= 0.5) || !(se > 0 && se < 1) {
			t.Errorf("row %d: NLL %g, KL %g ± %g", i, nll, kl, se)
		}
	}
}
