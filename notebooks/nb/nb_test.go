package nb

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/figure"
	"normflow/flowlib/flow"
)

// A cell that draws what others have measured links no backend.
func TestNoBackendIsLinked(t *testing.T) {
	if maxLayers != flow.MaxLayers {
		t.Errorf("%d layers at most, expected %d", maxLayers, flow.MaxLayers)
	}
	list, err := exec.Command("go", "list", "-deps", ".", "./measured").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(list)) {
		if strings.Contains(name, "gomlx") {
			t.Errorf("imports %s", name)
		}
	}
}

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
	before := Refuse
	defer func() { Refuse = before; line, _ = recover().(string) }()
	Refuse = func(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
	call()
	return ""
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
