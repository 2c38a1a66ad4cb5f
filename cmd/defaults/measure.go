package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/dataset"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/origin"
)

// row is one fit; the keys are the file's contract with the README.
type row struct {
	Data       string  `json:"data"`
	Seed       int64   `json:"seed"` // of the fit; the table is another draw for each
	KL         float64 `json:"kl"`   // nats: the mean of log p - log q over fresh points
	KLSE       float64 `json:"kl_se"`
	Seconds    float64 `json:"seconds"` // of reading, fitting, judging and saving
	Rows       int     `json:"rows"`    // in the table, those held out as well
	Test       int     `json:"test"`    // fresh points
	Model      string  `json:"model"`
	Parameters int     `json:"params"`
	BestStep   int     `json:"best_step"`
	Backend    string  `json:"backend"`

	origin.Origin
}

// Streams of draws: nothing that is fitted is seen in the test.
const (
	tableStream = 1000
	freshStream = 2000
)

// columns of the tables: all toy densities are in the plane.
var columns = []string{"x", "y"}

// measure makes all fits and writes their rows.
func (a asked) measure(ctx context.Context) error {
	from := origin.Now()
	var rows []row
	for _, d := range a.densities {
		for _, seed := range a.seeds {
			r, err := a.one(ctx, d, seed)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", d.Name, seed, err)
			}
			r.Origin = from
			fmt.Printf("%-13s seed %-2d KL %.4f ± %.4f  %5.1f s on %s, best at step %d\n", r.Data, r.Seed, r.KL, r.KLSE, r.Seconds, r.Backend, r.BestStep)
			rows = append(rows, r)
		}
	}
	return origin.Write(a.out, rows)
}

// one fits to a table of draws and compares with the truth on other draws.
func (a asked) one(ctx context.Context, d *dataset.Density, seed int64) (r row, err error) {
	dir, err := os.MkdirTemp("", "defaults")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	file, model := filepath.Join(dir, "table.csv"), filepath.Join(dir, "model")
	if err := table.WriteAll(file, columns, d.Sample(tableStream+uint64(seed), a.rows)); err != nil {
		return r, err
	}
	start := time.Now()
	c := a.fit
	c.Seed = seed
	record, err := tabular.Fit(ctx, file, model, c, tabular.Progress{})
	if err != nil {
		return r, err
	}
	seconds := time.Since(start).Seconds()
	m, err := tabular.Open(model, c.Engine)
	if err != nil {
		return r, err
	}
	kl, se, err := divergence(d, m, d.Sample(freshStream+uint64(seed), a.test))
	return row{
		Data: d.Name, Seed: seed, KL: kl, KLSE: se, Seconds: seconds, Rows: a.rows, Test: a.test,
		Model: m.Saved.Config.Name(), Parameters: m.Saved.Parameters, BestStep: record.Result.BestStep, Backend: record.Engine,
	}, err
}

// divergence is KL(p‖q) in nats, from points drawn from p, with its standard error.
func divergence(p *dataset.Density, q *tabular.Model, points [][]float64) (kl, se float64, err error) {
	diff, logQ := p.LogProb(points), make([]float64, len(points))
	if err := q.LogProb(logQ, slices.Concat(points...)); err != nil {
		return 0, 0, err
	}
	for i := range diff {
		diff[i] -= logQ[i]
	}
	kl, std := stat.MeanStdDev(diff, nil)
	if math.IsNaN(kl) || math.IsInf(kl, 0) {
		return 0, 0, fmt.Errorf("KL is %g, expected a finite number", kl)
	}
	return kl, stat.StdErr(std, float64(len(diff))), nil
}
