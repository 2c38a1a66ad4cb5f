package twins

import (
	"math"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/flowlib/fit"
	"normflow/notebooks/nb"
	"normflow/notebooks/nb/measured"
)

func TestRace(t *testing.T) {
	pace := func(name string, cold, steps float64, reported bool) measured.Pace {
		return measured.Pace{Name: name, Cold: cold, StepsPerSecond: steps, Parameters: 7, Reported: reported}
	}
	r := Race{
		Curve:  []KLPoint{{50, 0.5}, {101, 0.02}, {150, 0.03}, {200, -0.001}, {250, 0.01}},
		Target: 0.02, Paces: []measured.Pace{pace("quick", 0.1, 1000, true), pace("slow", 2, 100, true), pace("not drawn", 2, 100, false)},
		Result: &experiment.Result{Summary: experiment.Summary{Parameters: 7}},
	}
	if steps, ok := r.Steps(); !ok || steps != 101 {
		t.Errorf("%d steps, %t", steps, ok)
	}
	table := r.Table()
	if !slices.Equal(table[1][3:], []string{"0.20", "1.0"}) || !slices.Equal(table[2][3:], []string{"3.00", "15.0"}) {
		t.Errorf("table %q", table)
	}
	chart := r.Chart()
	// The least so far: 0.03 after 0.02 is none, and below 0 the line ends.
	if line := chart.Lines[1].XY; len(chart.Lines) != 2 || len(line) != 3 || line[1][0] != 3 || line[2][1] != 0.02 {
		t.Errorf("%d lines, the second %v", len(chart.Lines), line)
	}
	if _, err := figure.Lines(nb.Info("race"), chart); err != nil {
		t.Error(err)
	}
	if text := r.Story(); !strings.Contains(text, "was reached after 101") || strings.Contains(text, "parameters") {
		t.Error(text)
	}
	r.Target, r.Result.Parameters = 0.001, 8
	r.Curve = r.Curve[:3]
	if _, ok := r.Steps(); ok || r.Table()[1][3] != "–" {
		t.Errorf("0.001 was reached: %q", r.Table())
	}
	r.Missing = "Run it."
	if text := r.Story(); strings.Contains(text, "Run it.") {
		t.Error(text)
	}
	if text := (Race{Result: r.Result, Missing: r.Missing}).Story(); !strings.Contains(text, "Run it.") {
		t.Error(text)
	}
	if text := r.Story(); !strings.Contains(text, "was not reached") || !strings.Contains(text, "7 parameters, the one trained here has 8") {
		t.Error(text)
	}
}

// The race is trained by the fast engine, and its KL is the one that the test says.
func TestRaceIsTrained(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "go")
	t.Setenv("FLOW_LAYERS", "")
	t.Setenv("FLOW_RUNS", t.TempDir())
	t.Setenv("FLOW_STEPS", "20")
	r := NewRace(2, 0.02, measured.Speeds{})
	if r.Result.Config.Fit.Engine != fit.EngineFast || len(r.Curve) != 20 || r.Curve[19].Steps != 20 {
		t.Fatalf("config %+v, curve %v", r.Result.Config.Fit, r.Curve)
	}
	// 10,000 events against 50,000: their KLs are apart by a few standard errors, of which each has some hundredths.
	if kl := r.Result.KL; !(math.Abs(r.Curve[19].KL-kl.Mean) < 10*kl.SE) {
		t.Errorf("KL %g on the validation events, %g ± %g on the test events", r.Curve[19].KL, kl.Mean, kl.SE)
	}
	r.Show("race") // with no engine measured
}
