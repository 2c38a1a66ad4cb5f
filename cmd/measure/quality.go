package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"normflow/flowlib/backend"
	"normflow/flowlib/experiment"
	"normflow/flowlib/flow"
	"normflow/internal/numbers"
	"normflow/internal/origin"
)

func init() { measurements = append(measurements, newQuality) }

func newQuality() *measurement {
	m := &measurement{Command: cobra.Command{
		Use: "quality", Short: "KL of the zoo's flows to the toy densities",
		Long: "Fits flows to toy densities and prints KL(p‖q) in nats on fresh points: a line a run, then medians over the seeds.",
	}}
	var a asked
	f, usual := m.Flags(), experiment.DefaultConfig(flow.RealNVP(2), "", 0)
	f.StringSliceVar(&a.models, "model", []string{"realnvp", "realnvp+mixture", "nsf"}, "entries of the zoo, such as nsf or realnvp+actnorm+lu, separated by commas")
	f.StringSliceVar(&a.data, "data", []string{"moons05", "moons10", "checkerboard", "spirals", "8gaussians", "pinwheel"}, "toy densities, separated by commas; all for every one there is")
	addSeeds(f, &a.seeds)
	f.IntVar(&a.layers, "layers", 0, "coupling layers (default as many as the entry has)")
	f.IntVar(&a.steps, "steps", usual.Fit.Steps, "training steps")
	f.IntVar(&a.train, "train", usual.Train, "events to train on")
	f.IntVar(&a.valid, "valid", usual.Valid, "events for every choice on the way")
	f.IntVar(&a.test, "test", usual.Test, "fresh events for the figures")
	f.StringVar(&a.flowChanges, "flow", "{}", "changes to the flow's Config, as JSON, such as '{\"hidden\":[32,32]}'")
	f.StringVar(&a.fitChanges, "fit", "{}", "changes to the training's Config, as JSON, such as '{\"learning_rate\":0.001}'")
	f.IntVar(&a.jobs, "jobs", runtime.NumCPU(), "runs at a time")
	var runs []trainingRun
	m.check = func([]string) (err error) {
		runs, err = a.runs()
		return err
	}
	m.measure = func(ctx context.Context, from origin.Origin, write func(any) error) error {
		rows, err := train(ctx, runs, a.jobs, from)
		if err != nil {
			return err
		}
		printMedians(rows)
		return write(rows)
	}
	return m
}

// qualityRow is one run; the keys are the file's contract with the report.
type qualityRow struct {
	Model  string  `json:"model"`
	Data   string  `json:"data"`
	Seed   int64   `json:"seed"`
	Params int     `json:"params"`
	Steps  int     `json:"steps"`
	NLL    float64 `json:"nll"`   // nats, on fresh test points
	KL     float64 `json:"kl"`    // KL(p‖q), nats
	KLSE   float64 `json:"kl_se"` // its standard error

	Layers  int              `json:"layers"`
	Entropy float64          `json:"entropy"`
	Proof   experiment.Proof `json:"proof"`
	Seconds float64          `json:"seconds"` // of training, compilation included
	Backend string           `json:"backend"`

	origin.Origin
}

// train makes all runs, a few in parallel.
func train(ctx context.Context, runs []trainingRun, jobs int, from origin.Origin) ([]qualityRow, error) {
	b, err := backend.Open("")
	if err != nil {
		return nil, err
	}
	fmt.Printf("%-24s %-13s %4s %7s %9s %9s %8s %9s %9s %9s %7s\n",
		"model", "data", "seed", "params", "NLL", "KL", "± s.e.", "integral", "trip f32", "trip f64", "seconds")
	rows := make([]qualityRow, len(runs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for i, one := range runs {
		group.Go(func() error {
			r, err := experiment.Run(ctx, b, experiment.Root(), one.cfg, nil)
			if err != nil {
				return err
			}
			proof, err := r.Prove()
			if err != nil {
				return err
			}
			rows[i] = qualityRow{
				Model: one.model, Data: one.cfg.Data, Seed: one.cfg.Seed,
				Params: r.Parameters, Steps: r.Config.Fit.Steps,
				NLL: r.NLL.Mean, KL: r.KL.Mean, KLSE: r.KL.SE,
				Layers: r.Config.Flow.Layers, Entropy: r.Entropy, Proof: proof,
				Seconds: r.Fit.Seconds, Backend: r.Backend, Origin: from,
			}
			fmt.Printf("%-24s %-13s %4d %7d %9.4f %9.4f %8.4f %9.5f %9.1e %9.1e %7.1f\n",
				one.model, one.cfg.Data, one.cfg.Seed, r.Parameters, r.NLL.Mean, r.KL.Mean, r.KL.SE,
				proof.Integral, proof.RoundTrip32, proof.RoundTrip64, r.Fit.Seconds)
			return nil
		})
	}
	return rows, group.Wait()
}

// printMedians prints the median KL over the seeds: one line per model, one column per
// data set.
func printMedians(rows []qualityRow) {
	var models, data []string
	kls := map[[2]string][]float64{}
	for _, r := range rows {
		if !slices.Contains(models, r.Model) {
			models = append(models, r.Model)
		}
		if !slices.Contains(data, r.Data) {
			data = append(data, r.Data)
		}
		kls[[2]string{r.Model, r.Data}] = append(kls[[2]string{r.Model, r.Data}], r.KL)
	}
	fmt.Printf("\nmedian KL (nats)\n%-24s", "")
	for _, d := range data {
		fmt.Printf(" %12s", d)
	}
	fmt.Println()
	for _, m := range models {
		fmt.Printf("%-24s", m)
		for _, d := range data {
			fmt.Printf(" %12.4f", numbers.Median(kls[[2]string{m, d}]))
		}
		fmt.Println()
	}
}
