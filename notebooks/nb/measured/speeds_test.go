package measured

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/figure"
	"normflow/notebooks/nb"
)

// madeSpeeds are the speeds of three engines, where fast has everything, JAX trains
// at a quarter of its speed and scores at half, and XLA knows one batch size. One
// thread is slower.
func madeSpeeds() (s Speeds) {
	line := func(engine, task string, batch int, perSecond, cold float64) {
		s.Medians = append(s.Medians, SpeedLine{engine, task, batch, 2, perSecond, cold, 50}, SpeedLine{engine, task, batch, 1, perSecond / 2, cold + 1, 40})
	}
	for i, batch := range speedBatches {
		line("fast", "train", batch, 1e6*float64(i+1), 0.1)
		line("jax-scan", "train", batch, 2.5e5*float64(i+1), 2)
	}
	line("fast", "logprob", 0, 4e6, 0.1)
	line("jax-scan", "logprob", 0, 2e6, 2)
	line("xla", "train", 256, 3e5, 4)
	s.Lines = append(s.Lines, struct {
		Parameters int `json:"nparams"`
	}{35344})
	return s
}

func TestSpeedsAreThoseOfTheBetterSetting(t *testing.T) {
	s := madeSpeeds()
	rows, panels := s.Panels()
	if !slices.Equal(rows, []string{"fast, by hand", "JAX, scan"}) || len(panels) != 3 || panels[2].Values[1][0][0] != 750 {
		t.Errorf("rows %q, panels %v", rows, panels)
	}
	if _, err := figure.Compare(nb.Info("speed"), "x", rows, []string{""}, panels...); err != nil {
		t.Error(err)
	}
	table := s.Table()
	want := [][]string{
		{"engine", "256", "1,024", "4,096", "scored", "drawn", "start", "memory"},
		{"fast, by hand", "1,000", "2,000", "3,000", "4,000", "–", "0.10", "50.0"},
		{"GoMLX, XLA", "300", "–", "–", "–", "–", "4.00", "–"},
		{"JAX, scan", "250", "500", "750", "2,000", "–", "2.00", "50.0"},
	}
	if !slices.EqualFunc(table, want, slices.Equal[[]string]) {
		t.Errorf("table:\n%q\nwant\n%q", table, want)
	}
	summary := s.Summary()
	short := summary["table"].([][]string)
	if len(short) != 4 || !slices.Equal(short[3], []string{"JAX, scan", "250", "750", "2,000", "2.00"}) {
		t.Errorf("for the report: %q", short)
	}
	if text := summary["sentence"].(string); !strings.Contains(text, "4.0 and 4.0 times as fast as JAX at batches of 256 and 4,096") || !strings.Contains(text, "scores 2.0 times") {
		t.Error(text)
	}
	if text := s.Missing(); !strings.Contains(text, "GoMLX, XLA; GoMLX, pure Go") || strings.Contains(text, "fast") || !strings.Contains(text, "make bench-peers") {
		t.Error(text)
	}
}

func TestSpeedsThatWereNotMeasured(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("FLOW_ROOT", dir)
	s := ReadSpeeds()
	if text := s.Missing(); !strings.Contains(text, "report/measured/bench.json") || !strings.Contains(text, "make bench") {
		t.Error(text)
	}
	if rows, _ := s.Panels(); len(rows) != 0 || len(s.Table()) != 1 || len(s.Paces()) != 0 {
		t.Errorf("%d rows, a table of %d, %d paces out of nothing", len(rows), len(s.Table()), len(s.Paces()))
	}
	if text := s.Summary()["sentence"].(string); !strings.Contains(text, "run make bench") {
		t.Error(text)
	}
	if table := s.Summary()["table"].([][]string); len(table) != 2 || !slices.Equal(table[1], []string{"not measured", "–", "–", "–", "–"}) {
		t.Errorf("for the report: %q", table)
	}
	// All that a cell calls runs through without a measurement.
	SpeedFigure("speed", s)
	SpeedTable(s)

	if err := os.MkdirAll(filepath.Join(dir, "report", "measured"), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "report", "measured", "bench.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"machine": "two cores", "medians": [{"lib": "fast", "task": "train", "batch": 256, "threads": 2, "per_s": 5, "cold_s": 0.1}], "lines": [{"nparams": 7}]}`)
	if s := ReadSpeeds(); s.Machine != "two cores" || len(s.Medians) != 1 || s.Medians[0].PerSecond != 5 || s.Medians[0].Cold != 0.1 || s.Paces()[0].Parameters != 7 {
		t.Errorf("read %+v", s)
	}
	for _, bad := range []string{"{", "{}", `{"medians": [{"lib": "fast", "task": "train", "secs": 3}], "lines": [{}]}`} {
		write(bad)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was read", bad)
				}
			}()
			ReadSpeeds()
		}()
	}
}

func TestPace(t *testing.T) {
	p := Pace{Cold: 0.5, StepsPerSecond: 100}
	if at := p.At(1); at != 0.5 { // the first step is part of the cold start
		t.Errorf("the first step is made after %g s", at)
	}
	if at := p.At(201); at != 2.5 {
		t.Errorf("step 201 is made after %g s", at)
	}
	if paces := madeSpeeds().Paces(); len(paces) != 3 || paces[0].Parameters != 35344 || paces[0].StepsPerSecond != 1e6/256 || paces[2].Cold != 2 {
		t.Errorf("paces %v", paces)
	}
}

func TestKernelsAndCosts(t *testing.T) {
	bars := KernelBars()
	if _, err := figure.Bars(nb.Info("kernels"), "GFLOP/s", bars...); err != nil {
		t.Error(err)
	}
	for _, b := range bars {
		if !(b.Value > 0) {
			t.Errorf("%s: %g GFLOP/s", b.Name, b.Value)
		}
	}
	// A layer's matrices are 1·64, 64·64 and 64·2.
	if text := operations(3); !strings.Contains(text, "Layers: 3. In matrix products that makes 77,184 operations") {
		t.Error(text)
	}
	for _, c := range StepCosts(1) {
		if !(c.Seconds > 0) || c.Products > c.Seconds || !(c.GFLOPs > 0) {
			t.Errorf("%+v", c)
		}
		if c.Products == 0 {
			t.Errorf("%s: no time in products", c.Name)
		}
	}
}
