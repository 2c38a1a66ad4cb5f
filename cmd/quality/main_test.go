package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// usual is what the flags say when nobody sets them, for short runs.
func usual() asked {
	return asked{
		models: "realnvp", data: "moons05", seeds: "0", steps: 10, train: 500, valid: 100, test: 100,
		flowChanges: "{}", fitChanges: "{}", jobs: 1,
	}
}

func TestRuns(t *testing.T) {
	a := usual()
	a.models, a.data, a.seeds, a.layers = "nsf,realnvp+actnorm", "moons05,checkerboard", "0,7", 4
	a.flowChanges, a.fitChanges = `{"hidden":[9]}`, `{"learning_rate":0.5}`
	runs, err := a.runs()
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 8 {
		t.Fatalf("got %d runs, want 2 models × 2 data sets × 2 seeds", len(runs))
	}
	last := runs[7]
	c := last.cfg
	if last.model != "realnvp+actnorm" || c.Data != "checkerboard" || c.Seed != 7 || c.Flow.Layers != 4 || !c.Flow.ActNorm ||
		c.Fit.Steps != 10 || c.Train != 500 || c.Flow.Hidden[0] != 9 || c.Fit.LearningRate != 0.5 {
		t.Errorf("the last run is %+v", last)
	}
	if runs[0].cfg.Flow.Transform != "spline" {
		t.Errorf("the first run is %+v", runs[0])
	}
}

func TestAllDataSets(t *testing.T) {
	a := usual()
	a.data = "all"
	if runs, err := a.runs(); err != nil || len(runs) != 9 {
		t.Errorf("got %d runs for nine densities, %v", len(runs), err)
	}
}

// A mistake in the last name or seed is told before the first run.
func TestRunsRefuseMistakes(t *testing.T) {
	for want, change := range map[string]func(*asked){
		`unknown density "sun"`:     func(a *asked) { a.data = "moons05,sun" },
		`-seeds: "x"`:               func(a *asked) { a.seeds = "0,x" },
		"layers must be":            func(a *asked) { a.layers = 65 },
		"steps must be":             func(a *asked) { a.steps = 0 },
		`no "mlp" in the zoo`:       func(a *asked) { a.models = "realnvp,mlp" },
		`unknown change "batch"`:    func(a *asked) { a.models = "realnvp+batch" },
		`unknown field "hiden"`:     func(a *asked) { a.flowChanges = `{"hiden":[1]}` },
		"-fit":                      func(a *asked) { a.fitChanges = `{` },
		"something follows it":      func(a *asked) { a.flowChanges = `{"hidden":[8]} {"layers":3}` },
		"at least 2 events":         func(a *asked) { a.test = 1 },
		"-jobs is 0":                func(a *asked) { a.jobs = 0 },
		"hidden widths must be":     func(a *asked) { a.flowChanges = `{"hidden":[0]}` },
		"learning_rate must be pos": func(a *asked) { a.fitChanges = `{"learning_rate":-1}` },
	} {
		a := usual()
		change(&a)
		_, err := a.runs()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %s", err, want)
		}
	}
}

// A whole measurement, as small as can be: the file holds what the report reads.
func TestMeasureWritesItsContract(t *testing.T) {
	if testing.Short() {
		t.Skip("scores a grid of 640,000 points")
	}
	t.Setenv("FLOW_RUNS", t.TempDir())
	t.Setenv("GOMLX_BACKEND", "go")
	a := usual()
	a.seeds, a.flowChanges, a.fitChanges = "0,1", `{"layers":2,"hidden":[4]}`, `{"batch_size":32}`
	runs, err := a.runs()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "quality.json")
	if err := measure(context.Background(), runs, 2, out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(text, &rows); err != nil || len(rows) != 2 {
		t.Fatalf("%d rows of 2, %v", len(rows), err)
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

func TestMedian(t *testing.T) {
	if m := median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("of 3, 1, 2: %g", m)
	}
	if m := median([]float64{4, 1, 2, 10}); m != 3 {
		t.Errorf("of 4, 1, 2, 10: %g", m)
	}
}
