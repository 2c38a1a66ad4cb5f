package runs

import (
	"fmt"

	"github.com/janpfeifer/must"

	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/experiment"
	"normflow/flowlib/figure"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/notebooks/nb"
)

// Zoo is [Experiment] with a flow of the zoo, such as "realnvp+actnorm+lu" (see
// flow.Named).
func Zoo(model, data string, layers int, seed int64) experiment.Config {
	of := must.M1(flow.Named(model, 2))
	of.Layers = layers
	cfg := experiment.DefaultConfig(of, data, seed)
	if _, err := of.Fast(); err == nil {
		cfg.Fit.Engine = fit.EngineFast
	}
	cfg.Fit.Steps = nb.Steps(cfg.Fit.Steps)
	cfg.Fit.EvalEvery = max(1, min(cfg.Fit.EvalEvery, cfg.Fit.Steps/20)) // gives a short run a curve too
	return cfg
}

// Run is a finished run with its name in pictures and tables.
type Run struct {
	Name string
	*experiment.Result
}

// RunTable shows the cost and the quality of runs.
func RunTable(runs []Run) {
	table := [][]string{{"flow", "parameters", "NLL", "KL", "training (s)"}}
	for _, r := range runs {
		table = append(table, []string{
			r.Name, fmt.Sprint(r.Parameters), fmt.Sprintf("%.4f ± %.4f", r.NLL.Mean, r.NLL.SE),
			fmt.Sprintf("%.4f ± %.4f", r.KL.Mean, r.KL.SE), fmt.Sprintf("%.0f", r.Fit.Seconds),
		})
	}
	nb.Table(table)
}

// Densities returns the exact density of the runs' data and what each run learned.
func Densities(runs []Run) []figure.DensityPanel {
	panels := []figure.DensityPanel{nb.TrueDensity(runs[0].Density, "truth", nil)}
	for _, r := range runs {
		panels = append(panels, LearnedDensity(r.Result, r.Name))
	}
	return panels
}

// Draws returns n test events of the runs' data, and as many draws of each run.
func Draws(runs []Run, n int) []figure.ScatterPanel {
	panels := []figure.ScatterPanel{figure.Panel("data", runs[0].Data.Test[:n])}
	for _, r := range runs {
		panels = append(panels, figure.Panel(r.Name, must.M1(r.Model.Sample(1, n))))
	}
	return panels
}

// RandomFlow returns a flow over two features with random weights, to show what a
// coupling layer does before it has learned anything.
func RandomFlow(layers int, seed int64) *flow.Model {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = layers, []int{16, 16}
	m := must.M1(cfg.NewModel(Backend()))
	bijectortest.Randomize(m.Store(), 0.25, seed)
	return m
}
