package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/origin"
)

func init() { measurements = append(measurements, newDefaults) }

// defaults is what is measured: flow fit without options. Tests train for less.
var defaults = tabular.DefaultFit()

func newDefaults() *measurement {
	m := &measurement{Command: cobra.Command{
		Use: "defaults", Short: "KL and time of flow fit as it is, on the toy densities",
		Long: "Fits flows to tables of draws from toy densities as flow fit does, and prints KL(p‖q) in nats on fresh points, and the time.",
	}}
	var data []string
	var seeds []int64
	var rows, test int
	f := m.Flags()
	f.StringSliceVar(&data, "data", []string{"all"}, "toy densities, separated by commas; all for every one there is")
	addSeeds(f, &seeds)
	f.IntVar(&rows, "rows", 20000, "rows of the table to fit to")
	f.IntVar(&test, "test", 50000, "fresh points for the figures")
	var all []*dataset.Density
	m.check = func([]string) (err error) {
		if rows < 1 || test < 2 {
			return fmt.Errorf("expected --rows from 1 and --test from 2 on, found %d and %d", rows, test)
		}
		all, err = densities(data)
		return err
	}
	m.measure = func(ctx context.Context, from origin.Origin, write func(any) error) error {
		var fits []defaultsRow
		for _, d := range all {
			for _, seed := range seeds {
				r, err := fitDefaults(ctx, d, seed, rows, test)
				if err != nil {
					return fmt.Errorf("%s, seed %d: %w", d.Name, seed, err)
				}
				r.Origin = from
				fmt.Printf("%-13s seed %-2d KL %.4f ± %.4f  %5.1f s on %s, best at step %d\n", r.Data, r.Seed, r.KL, r.KLSE, r.Seconds, r.Backend, r.BestStep)
				fits = append(fits, r)
			}
		}
		return write(fits)
	}
	return m
}

// defaultsRow is one fit; the keys are the file's contract with the README.
type defaultsRow struct {
	Data       string  `json:"data"`
	Seed       int64   `json:"seed"` // of the fit; the table is another draw for each
	KL         float64 `json:"kl"`   // nats: the mean of log p - log q over fresh points
	KLSE       float64 `json:"kl_se"`
	Seconds    float64 `json:"seconds"` // to read, fit, judge and save
	Rows       int     `json:"rows"`    // in the table, held-out rows included
	Test       int     `json:"test"`    // fresh points
	Model      string  `json:"model"`
	Parameters int     `json:"params"`
	BestStep   int     `json:"best_step"`
	Backend    string  `json:"backend"`

	origin.Origin
}

// Streams of draws: the test sees nothing that is fitted.
const (
	tableStream = 1000
	freshStream = 2000
)

// columns of the tables: all toy densities are two-dimensional.
var columns = []string{"x", "y"}

// fitDefaults fits to a table of draws and compares with the truth on other draws.
func fitDefaults(ctx context.Context, d *dataset.Density, seed int64, rows, test int) (r defaultsRow, err error) {
	dir, err := os.MkdirTemp("", "defaults")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	c := defaults
	c.Seed = seed
	r, _, err = fitTable(ctx, dir, d, c, rows, test)
	return r, err
}

// fitTable is one fit, whose model it leaves in the folder.
func fitTable(ctx context.Context, dir string, d *dataset.Density, c tabular.FitConfig, rows, test int) (r defaultsRow, m *tabular.Model, err error) {
	file, model := filepath.Join(dir, "table.csv"), filepath.Join(dir, "model")
	if err := table.WriteAll(file, columns, d.Sample(tableStream+c.Seed, rows)); err != nil {
		return r, nil, err
	}
	start := time.Now()
	record, err := tabular.Fit(ctx, file, model, c, tabular.Progress{})
	if err != nil {
		return r, nil, err
	}
	seconds := time.Since(start).Seconds()
	if m, err = tabular.Open(model, c.Engine); err != nil {
		return r, nil, err
	}
	kl, err := eval.KL(m, d, d.Sample(freshStream+c.Seed, test))
	return defaultsRow{
		Data: d.Name, Seed: c.Seed, KL: kl.Mean, KLSE: kl.SE, Seconds: seconds, Rows: rows, Test: test,
		Model: m.Saved.Name(), Parameters: m.Saved.Parameters(), BestStep: record.Result.BestStep, Backend: record.Engine,
	}, m, err
}
