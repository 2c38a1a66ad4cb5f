package main

import (
	"strings"
	"testing"
)

// usual is what the flags say when nobody sets them, for short runs.
func usual() asked {
	return asked{
		models: []string{"realnvp"}, data: []string{"moons05"}, seeds: []int64{0}, steps: 10, train: 500, valid: 100, test: 100,
		flowChanges: "{}", fitChanges: "{}", jobs: 1,
	}
}

func TestRuns(t *testing.T) {
	a := usual()
	a.models, a.data, a.seeds, a.layers = []string{"nsf", "realnvp+actnorm"}, []string{"moons05", "checkerboard"}, []int64{0, 7}, 4
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
	a.data = []string{"all"}
	if runs, err := a.runs(); err != nil || len(runs) != 9 {
		t.Errorf("got %d runs for nine densities, %v", len(runs), err)
	}
}

// A mistake in the last name or seed is told before the first run.
func TestRunsRefuseMistakes(t *testing.T) {
	for want, change := range map[string]func(*asked){
		`there is no density "sun"`:  func(a *asked) { a.data = []string{"moons05", "sun"} },
		"layers must be":             func(a *asked) { a.layers = 65 },
		"steps must be":              func(a *asked) { a.steps = 0 },
		`there is no model "mlp"`:    func(a *asked) { a.models = []string{"realnvp", "mlp"} },
		`there is no change "batch"`: func(a *asked) { a.models = []string{"realnvp+batch"} },
		`unknown field "hiden"`:      func(a *asked) { a.flowChanges = `{"hiden":[1]}` },
		"--fit":                      func(a *asked) { a.fitChanges = `{` },
		"something follows it":       func(a *asked) { a.flowChanges = `{"hidden":[8]} {"layers":3}` },
		"at least 2 events":          func(a *asked) { a.test = 1 },
		"--jobs: expected":           func(a *asked) { a.jobs = 0 },
		"hidden widths must be":      func(a *asked) { a.flowChanges = `{"hidden":[0]}` },
		"learning_rate must be pos":  func(a *asked) { a.fitChanges = `{"learning_rate":-1}` },
	} {
		a := usual()
		change(&a)
		_, err := a.runs()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %s", err, want)
		}
	}
}
