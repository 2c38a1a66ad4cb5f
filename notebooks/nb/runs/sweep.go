package runs

import (
	"fmt"
	"slices"

	"github.com/janpfeifer/must"

	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/internal/numbers"
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

// Sweep trains the default flow on a toy density with each number of layers and seeds 0,
// 1, 2.
func Sweep(data string, layerCounts []int) []SweepRow {
	var rows []SweepRow
	for _, layers := range layerCounts {
		var runs []*experiment.Result
		for seed := range int64(3) {
			runs = append(runs, Train(Experiment(data, layers, seed)))
		}
		row := SweepRow{Layers: layers, Params: runs[0].Parameters}
		var seconds []float64
		for _, r := range runs {
			row.KL = append(row.KL, r.KL.Mean)
			seconds = append(seconds, r.Fit.Seconds)
		}
		row.Seconds = numbers.Median(seconds)
		row.KLMedian = numbers.Median(row.KL)
		row.median = runs[slices.Index(row.KL, row.KLMedian)]
		rows = append(rows, row)
	}
	return rows
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
