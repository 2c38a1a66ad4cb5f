package nb

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
)

func TestSettings(t *testing.T) {
	t.Setenv("FLOW_LAYERS", "")
	if n := Layers(8); n != 8 {
		t.Errorf("unset: got %d", n)
	}
	if counts := LayerCounts(2, 4); !slices.Equal(counts, []int{2, 4}) {
		t.Errorf("unset: got %v", counts)
	}
	t.Setenv("FLOW_LAYERS", "3")
	if n := Layers(8); n != 3 {
		t.Errorf("set to 3: got %d", n)
	}
	if counts := LayerCounts(2, 4); !slices.Equal(counts, []int{2, 3, 4}) {
		t.Errorf("set to 3: got %v", counts)
	}
	for _, bad := range []string{"0", "abc", "-1", "65", "2.5"} {
		t.Setenv("FLOW_LAYERS", bad)
		message := refusal(t, func() { Layers(8) })
		if !strings.Contains(message, bad) || !strings.Contains(message, "from 1 to 64") {
			t.Errorf("FLOW_LAYERS=%s: got %q", bad, message)
		}
	}
	t.Setenv("FLOW_LAYERS", "")
	for want, call := range map[string]func(){
		"nb.Layers(100): a flow has from 1 to 64 coupling layers":              func() { Layers(100) },
		"nb.Layers(-1): a flow has from 1 to 64 coupling layers":               func() { Layers(-1) },
		"nb.LayerCounts(2, 0): a flow has from 1 to 64 coupling layers, not 0": func() { LayerCounts(2, 0) },
	} {
		if got := refusal(t, call); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// refusal is the line that call ends a cell with, or "".
func refusal(t *testing.T, call func()) (line string) {
	t.Helper()
	before := refuse
	defer func() { refuse = before; line, _ = recover().(string) }()
	refuse = func(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
	call()
	return ""
}

// small keeps a test's training to a moment, on the pure-Go backend.
func small(t *testing.T) experiment.Config {
	t.Helper()
	t.Setenv("GOMLX_BACKEND", "go")
	t.Setenv("FLOW_RUNS", t.TempDir())
	t.Setenv("FLOW_STEPS", "2")
	cfg := Experiment("moons10", 3, 0)
	cfg.Train, cfg.Valid, cfg.Test = 300, 50, 50
	return cfg
}

func TestPanelsOfARun(t *testing.T) {
	r := Train(small(t))
	if c := Curves(r, "moons"); c.Limit.Value != -r.Entropy || c.Validation[0][1] != -r.Fit.Curve[0].Valid {
		t.Errorf("curve: %+v", c)
	}
	forward := ForwardStages(r.Model, Latents(1, 5))
	if len(forward) != 4 || !forward[0].Latent || forward[3].Name != "data x" {
		t.Errorf("%d stages forward, the last is %q", len(forward), forward[len(forward)-1].Name)
	}
	inverse, latents := InverseStages(r.Model, r.Data.Test[:5])
	if len(inverse) != 4 || !inverse[3].Latent || len(latents) != 5 {
		t.Errorf("%d stages back, %d latents", len(inverse), len(latents))
	}
	// Data x in standardized units is the last stage forward and the first back.
	again := ForwardStages(r.Model, latents)
	if diff := math.Abs(again[3].Points[0][0] - inverse[0].Points[0][0]); !(diff < 1e-4) {
		t.Errorf("there and back differs by %g", diff)
	}
	if d := LearnedDensity(r, "learned"); len(d.Values) != gridCells || d.XMin != r.Density.Box[0][0] {
		t.Errorf("density panel of %d rows from %g", len(d.Values), d.XMin)
	}
	// Nothing is untouched by a random flow, and the grid keeps its size.
	grid := Grid(RandomFlow(2, 1))
	if len(grid) != 3 || len(grid[0].Horizontal) != 17 || grid[2].Vertical[3][4][1] == grid[0].Vertical[3][4][1] {
		t.Error("the grid is not warped")
	}
}

func TestOneDimensionAgreesWithItsHistogram(t *testing.T) {
	logProb := func(x float64) float64 { z := math.Asinh(x); return -0.5*z*z - 0.5*math.Log(2*math.Pi*(1+x*x)) }
	chart := OneDimension("sinh", math.Sinh, logProb, -3, 3)
	histogram := chart.Lines[0].XY
	for i := 0; i < len(histogram); i += 2 {
		middle := (histogram[i][0] + histogram[i+1][0]) / 2
		// five standard errors of a bin with 1 % of 200,000 draws, and its curvature
		if want := math.Exp(logProb(middle)); math.Abs(histogram[i][1]-want) > 0.015 {
			t.Errorf("at %.2f: histogram %.4f, density %.4f", middle, histogram[i][1], want)
		}
	}
}

func TestRunningMean(t *testing.T) {
	values := make([]float64, 1000)
	for i := range values {
		values[i] = float64(i % 2)
	}
	line := RunningMean("coin", values)
	last := len(line.XY) - 1
	if line.XY[0][0] != 10 || line.XY[last][0] != 1000 || line.XY[last][1] != 0.5 {
		t.Errorf("from %v to %v", line.XY[0], line.XY[last])
	}
	if se := (line.High[last] - line.Low[last]) / 4; math.Abs(se-0.5/math.Sqrt(999)) > 1e-12 {
		t.Errorf("standard error is %g", se)
	}
}

func TestResultsAreKeptOnlyForTheReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	t.Setenv("FLOW_RESULTS", "")
	Save("numbers", map[string]float64{"a": 1})
	t.Setenv("FLOW_RESULTS", dir)
	Save("numbers", map[string]float64{"a": 1})
	Figure("curves", figure.SVG("<svg/>"))
	Keep("ablation-half", figure.SVG("<svg/>"))
	if text, err := os.ReadFile(filepath.Join(dir, "numbers.json")); err != nil || string(text) != "{\n  \"a\": 1\n}\n" {
		t.Errorf("numbers.json: %q, %v", text, err)
	}
	for _, name := range []string{"curves.svg", "ablation-half.svg"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != "<svg/>" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("NaN was kept")
		}
	}()
	Save("numbers", map[string]float64{"a": math.NaN()})
}

func TestSweepSummary(t *testing.T) {
	rows := []SweepRow{{Layers: 2, KLMedian: 0.3}, {Layers: 4, KLMedian: 0.1}, {Layers: 6, KLMedian: 0.2}}
	s := SweepSummary(rows)
	if s["best_layers"] != 4 || s["kl_best"] != 0.1 || s["kl_6"] != 0.2 {
		t.Errorf("got %v", s)
	}
	if m := median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("median of 3, 1, 2 is %g", m)
	}
}
