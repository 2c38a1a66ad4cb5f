package main

import (
	"strings"
	"testing"
)

func TestConfigs(t *testing.T) {
	sets, err := configs([]string{"moons05", "checkerboard"}, []string{"0", "7"}, 4, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(sets) != 2 || len(sets[1]) != 2 {
		t.Fatalf("got %d data sets of %d seeds, want 2 of 2", len(sets), len(sets[len(sets)-1]))
	}
	if c := sets[1][1]; c.Data != "checkerboard" || c.Seed != 7 || c.Flow.Layers != 4 || c.Fit.Steps != 10 {
		t.Errorf("the last run is %+v", c)
	}
}

// A mistake in the last name or seed is told before the first run.
func TestConfigsRefuseMistakes(t *testing.T) {
	for want, ask := range map[string]struct {
		data, seeds   string
		layers, steps int
	}{
		`unknown density "sun"`: {"moons05,sun", "0", 8, 10},
		`-seeds: "x"`:           {"moons05", "0,x", 8, 10},
		"-layers is 0":          {"moons05", "0", 0, 10},
		"-layers is 65":         {"moons05", "0", 65, 10},
		"-steps is 0":           {"moons05", "0", 8, 0},
	} {
		_, err := configs(strings.Split(ask.data, ","), strings.Split(ask.seeds, ","), ask.layers, ask.steps)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %s", err, want)
		}
	}
}
