package runs

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/janpfeifer/must"

	"normflow/flowlib/dataset"
	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/flowlib/flow"
	"normflow/internal/numbers"
	"normflow/notebooks/nb"
)

// Half of the usual steps at 1.75 times the rate, so that a changed number of layers shows sooner.
// The KL of few layers suffers, by about .01 nats; that of 8 and 12 layers is as after the usual
// training, by their medians.
const (
	sweepSteps = 2500
	sweepRate  = 0.0035
)

// SweepRow holds the results of several seeds for one number of layers.
type SweepRow struct {
	Layers   int       `json:"layers"`
	Params   int       `json:"params"`
	KL       []float64 `json:"kl"`        // per seed, nats
	KLMedian float64   `json:"kl_median"` // nats
	Seconds  float64   `json:"seconds"`   // of training, median

	median *experiment.Result // of the median seed
}

// Sweep trains the default flow on a toy density with each number of layers and seeds 0, 1
// and 2: for each number a sweep by the command, see [command.sweepOf]. Finished ones are taken as
// they are, an interrupted one goes on when the cell is run again.
func Sweep(data string, layerCounts []int) []SweepRow {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := must.M1(newCommand(ctx))
	var rows []SweepRow
	for _, layers := range layerCounts {
		cfg := Experiment(data, layers, 0)
		cfg.Fit.Steps, cfg.Fit.LearningRate = nb.Steps(sweepSteps), sweepRate
		members, err := c.sweepOf(cfg)
		if ctx.Err() != nil {
			nb.Refuse("stopped at %s; run the cell again to go on", counted(layers))
		}
		must.M(err)
		rows = append(rows, rowOf(cfg, members))
	}
	return rows
}

// rowOf reads the model of the median seed.
func rowOf(cfg experiment.Config, members []member) SweepRow {
	row := SweepRow{Layers: cfg.Flow.Layers}
	var seconds []float64
	for _, m := range members {
		row.KL, seconds = append(row.KL, m.KL.Mean), append(seconds, m.Seconds)
	}
	row.Seconds, row.KLMedian = numbers.Median(seconds), numbers.Median(row.KL)
	m := members[slices.Index(row.KL, row.KLMedian)]
	r := &experiment.Result{Dir: m.Folder, Model: must.M1(flow.Load(backendOf(cfg), m.Folder)), Density: must.M1(dataset.ByName(cfg.Data))}
	cfg.Flow = must.M1(must.M1(flow.Read(m.Folder)).Config())
	r.Config, r.KL, r.Entropy, r.Parameters = cfg, m.KL, r.Density.Entropy, r.Model.NumParameters()
	r.Data = r.Density.Draw(0, 0, 0, cfg.Test)
	row.Params, row.median = r.Parameters, r
	return row
}

// Series returns the sweep as a series of a figure.
func Series(name string, rows []SweepRow) figure.LayerSeries {
	s := figure.LayerSeries{Name: name}
	for _, row := range rows {
		s.Layers = append(s.Layers, row.Layers)
		s.KL = append(s.KL, row.KL)
	}
	return s
}

// SamplePanels draws n events from the run of the median seed of each row.
func SamplePanels(rows []SweepRow, n int) []figure.ScatterPanel {
	var panels []figure.ScatterPanel
	for _, row := range rows {
		x := must.M1(row.median.Model.Sample(1, n))
		panels = append(panels, figure.Panel(fmt.Sprintf("%d layers", row.Layers), x))
	}
	return panels
}

// SweepSummary returns the sweep for the report.
func SweepSummary(rows []SweepRow) map[string]any {
	best := bestOf(rows)
	return map[string]any{"rows": rows, "best_layers": best.Layers, "kl_best": best.KLMedian, "gaps": gaps(rows)}
}
