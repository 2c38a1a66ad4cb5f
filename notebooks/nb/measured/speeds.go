// Package measured reads what report/measured holds, and measures what a cell can. It
// links no backend.
package measured

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/janpfeifer/must"

	"normflow/flowlib/figure"
	"normflow/internal/show"
	"normflow/notebooks/nb"
)

// speedEngines are the programs in the comparison, in the order of tables and pictures,
// ours first. The key is the lib of a line.
var speedEngines = []struct{ key, name string }{
	{"fast", "fast, by hand"}, {"byhand", "by hand"}, {"xla", "GoMLX, XLA"}, {"go", "GoMLX, pure Go"},
	{"jax-scan", "JAX, scan"}, {"jax-step", "JAX, step by step"}, {"torch", "PyTorch"}, {"zuko", "PyTorch, zuko"}, {"normflows", "PyTorch, normflows"},
	{"numpy", "NumPy by hand"},
}

// reference is the engine that others are compared with.
const reference = "jax-scan"

// speedBatches are the batch sizes at which training was measured.
var speedBatches = []int{256, 1024, 4096}

// Speeds holds the measurements of `make bench`, from report/measured/bench.json.
type Speeds struct {
	Machine string      `json:"machine"`
	CPU     string      `json:"cpu"`
	Date    string      `json:"date"`
	Medians []SpeedLine `json:"medians"`
	Lines   []struct {
		Parameters int `json:"nparams"`
	} `json:"lines"` // every single measurement
}

// SpeedLine is one measurement, the median of several.
type SpeedLine struct {
	Engine    string  `json:"lib"`
	Task      string  `json:"task"`  // train, logprob or sample
	Batch     int     `json:"batch"` // of training; else 0
	Threads   int     `json:"threads"`
	PerSecond float64 `json:"per_s"`  // training samples, or points, per second
	Cold      float64 `json:"cold_s"` // from the start of the process to the end of the first step, seconds
	Memory    float64 `json:"rss_mb"` // peak, MiB
}

// ReadSpeeds reads report/measured/bench.json of the project. Without that file the
// result is empty, which [Speeds.Missing] reports.
func ReadSpeeds() Speeds {
	path := filepath.Join(nb.Root(), "report", "measured", "bench.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Speeds{}
	}
	return must.M1(parseSpeeds(path, must.M1(text, err)))
}

func parseSpeeds(path string, text []byte) (Speeds, error) {
	var s Speeds
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("nb: %s: %w", show.Path(path), show.Error(err))
	}
	if len(s.Medians) == 0 || len(s.Lines) == 0 {
		return s, fmt.Errorf("nb: %s: %d medians of %d lines, expected some; make bench measures them", path, len(s.Medians), len(s.Lines))
	}
	for i, l := range s.Medians {
		if !(l.PerSecond > 0) || math.IsInf(l.PerSecond, 0) {
			return s, fmt.Errorf("nb: %s: median %d, %s, %s: %g per second, expected a positive number", path, i, l.Engine, l.Task, l.PerSecond)
		}
	}
	return s, nil
}

// best returns the fastest line of an engine at a task, over the numbers of threads.
func (s Speeds) best(engine, task string, batch int) (best SpeedLine, ok bool) {
	for _, l := range s.Medians {
		if l.Engine == engine && l.Task == task && l.Batch == batch && l.PerSecond > best.PerSecond {
			best, ok = l, true
		}
	}
	return best, ok
}

// Missing says what has not been measured, and what to run; "" if nothing is missing.
func (s Speeds) Missing() string {
	if len(s.Medians) == 0 {
		return "The speeds have not been measured: there is no report/measured/bench.json. `make bench` measures the engines of this project and, after `make bench-peers`, NumPy, PyTorch and JAX beside them."
	}
	var missing []string
	for _, e := range speedEngines {
		for _, batch := range speedBatches {
			if _, ok := s.best(e.key, "train", batch); !ok {
				missing = append(missing, e.name)
				break
			}
		}
	}
	if missing == nil {
		return ""
	}
	return fmt.Sprintf("Not measured at every batch size: %s. `make bench` measures the engines of this project and, after `make bench-peers`, NumPy, PyTorch and JAX beside them.", strings.Join(missing, "; "))
}

// Panels returns the engines that were measured at all batch sizes, and a panel for each
// size with the thousand samples per second that each trained on, at the better number of
// threads.
func (s Speeds) Panels() (rows []string, panels []figure.ComparePanel) {
	for _, batch := range speedBatches {
		panels = append(panels, figure.ComparePanel{Name: fmt.Sprintf("batch %d", batch)})
	}
	for _, e := range speedEngines {
		var values []float64
		for _, batch := range speedBatches {
			if l, ok := s.best(e.key, "train", batch); ok {
				values = append(values, l.PerSecond/1000)
			}
		}
		if len(values) < len(speedBatches) {
			continue
		}
		rows = append(rows, e.name)
		for i := range panels {
			panels[i].Values = append(panels[i].Values, [][]float64{{values[i]}})
		}
	}
	return rows, panels
}

// SpeedFigure shows how fast each engine trains, or says what has not been measured.
func SpeedFigure(name string, s Speeds) {
	rows, panels := s.Panels()
	if len(rows) > 0 {
		nb.Figure(name, must.M1(figure.Compare(nb.Info(name), "thousand samples per second", rows, []string{""}, panels...)))
		nb.Markdown(fmt.Sprintf("Measured on %s, %s, %s.", s.CPU, s.Machine, s.Date))
	}
	if missing := s.Missing(); missing != "" {
		nb.Markdown(missing)
	}
}

// Table returns a row for each engine: thousand samples per second in training, by batch
// size, thousand points per second scored and drawn, the cold start in seconds and the
// peak memory of scoring a million points in MiB.
func (s Speeds) Table() [][]string {
	table := [][]string{{"engine", "256", "1,024", "4,096", "scored", "drawn", "start", "memory"}}
	for _, e := range speedEngines {
		row := []string{e.name}
		add := func(task string, batch int, show func(SpeedLine) string) {
			if l, ok := s.best(e.key, task, batch); ok {
				row = append(row, show(l))
			} else {
				row = append(row, "–")
			}
		}
		perSecond := func(l SpeedLine) string { return nb.Thousands(l.PerSecond / 1000) }
		for _, batch := range speedBatches {
			add("train", batch, perSecond)
		}
		add("logprob", 0, perSecond)
		add("sample", 0, perSecond)
		add("train", speedBatches[0], func(l SpeedLine) string { return fmt.Sprintf("%.2f", l.Cold) })
		add("logprob", 0, func(l SpeedLine) string { return nb.Thousands(l.Memory) })
		if slices.ContainsFunc(row[1:], func(cell string) bool { return cell != "–" }) {
			table = append(table, row)
		}
	}
	return table
}

// SpeedTable shows the table, unless it is empty.
func SpeedTable(s Speeds) {
	if table := s.Table(); len(table) > 1 {
		nb.Table(table)
		nb.Markdown("Thousand samples per second in training by batch size, thousand points per second scored and drawn, seconds from the start of the process to the end of the first step, MiB at the peak of scoring 1,000,000 points; each at the better of one and two threads.")
	}
}

// reported lists the columns that the report has room for, with the batches of two of
// them, and the engines.
var reported = struct {
	columns []int
	batches []int
	engines []string
}{[]int{0, 1, 3, 4, 6}, []int{256, 4096}, []string{"fast", "byhand", "xla", "jax-scan", "torch", "numpy"}}

// Summary returns the speeds for the report: a part of the table and its conclusions, or
// else what to run.
func (s Speeds) Summary() map[string]any {
	full, short := s.Table(), [][]string{}
	for i, row := range full {
		keep := slices.ContainsFunc(speedEngines, func(e struct{ key, name string }) bool {
			return e.name == row[0] && slices.Contains(reported.engines, e.key)
		})
		if i == 0 || keep {
			var cells []string
			for _, column := range reported.columns {
				cells = append(cells, row[column])
			}
			short = append(short, cells)
		}
	}
	if len(short) == 1 { // a table without rows
		short = append(short, append([]string{"not measured"}, slices.Repeat([]string{"–"}, len(short[0])-1)...))
	}
	return map[string]any{"table": short, "sentence": s.sentence()}
}

func (s Speeds) sentence() string {
	var ratios []string
	for _, batch := range reported.batches {
		if r, ok := s.ratio("fast", reference, "train", batch); ok {
			ratios = append(ratios, fmt.Sprintf("%.1f", r))
		}
	}
	score, ok := s.ratio("fast", reference, "logprob", 0)
	if len(ratios) < len(reported.batches) || !ok {
		return "they have not been measured in this copy; to do so, run make bench."
	}
	return fmt.Sprintf("our fast engine trains %s and %s times as fast as JAX at batches of 256 and 4,096, and scores %.1f times as fast.", ratios[0], ratios[1], score)
}

// ratio returns how many times as fast as another an engine is, both at their best.
func (s Speeds) ratio(engine, other, task string, batch int) (ratio float64, ok bool) {
	a, ok := s.best(engine, task, batch)
	b, okToo := s.best(other, task, batch)
	return a.PerSecond / b.PerSecond, ok && okToo
}

// paceBatch is the batch size of the training whose time is shown.
const paceBatch = 256

// Pace is the speed of an engine in a training.
type Pace struct {
	Engine, Name   string
	Cold           float64 // from the start of the process to the end of the first step, seconds
	StepsPerSecond float64
	Parameters     int  // of the flow it was measured with
	Reported       bool // the report has room for it
}

// At returns when the given number of steps has been made, in seconds from the start of
// the process. Engines that make the same steps differ in nothing else.
func (p Pace) At(steps int) float64 { return p.Cold + float64(steps-1)/p.StepsPerSecond }

// Paces returns those of the engines that were measured, for batches of 256 and the
// better number of threads.
func (s Speeds) Paces() (paces []Pace) {
	for _, e := range speedEngines {
		if l, ok := s.best(e.key, "train", paceBatch); ok {
			paces = append(paces, Pace{e.key, e.name, l.Cold, l.PerSecond / paceBatch, s.Lines[0].Parameters, slices.Contains(reported.engines, e.key)})
		}
	}
	return paces
}
