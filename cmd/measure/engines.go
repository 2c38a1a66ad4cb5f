package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/tabular"
	"normflow/internal/origin"
)

func init() { measurements = append(measurements, newEngines) }

func newEngines() *measurement {
	m := &measurement{Command: cobra.Command{
		Use: "engines", Short: "Whether two engines fit equally well and give equal scores",
		Long: "Fits one architecture to the same tables of draws from toy densities by the engine fast and by another, prints KL(p‖q) in nats\n" +
			"on fresh points, and scores these by both engines with each model: by how much they differ, relative to 1 + |log p|.",
	}}
	var data []string
	var seeds []int64
	var rows, test, layers, steps int
	var model, other string
	f := m.Flags()
	f.StringSliceVar(&data, "data", []string{"all"}, "toy densities, separated by commas; all for every one there is")
	addSeeds(f, &seeds)
	f.StringVar(&model, "model", "nsf", "architecture")
	f.IntVar(&layers, "layers", 0, "layers of the flow; 0 is what flow fit chooses")
	f.StringVar(&other, "engine", "xla:cpu", "engine to compare with fast")
	f.IntVar(&rows, "rows", 20000, "rows of the table to fit to")
	f.IntVar(&test, "test", 50000, "fresh points for the figures")
	f.IntVar(&steps, "steps", 0, "steps of each fit at most; 0 is what flow fit chooses")
	var all []*dataset.Density
	m.check = func([]string) (err error) {
		if rows < 1 || test < 2 || layers < 0 || steps < 0 {
			return fmt.Errorf("expected --rows from 1, --test from 2, --layers and --steps from 0 on, found %d, %d, %d and %d", rows, test, layers, steps)
		}
		if !slices.Contains(tabular.Engines, other) {
			return fmt.Errorf("--engine: expected one of %v, found %q", tabular.Engines, other)
		}
		all, err = densities(data)
		return err
	}
	m.measure = func(ctx context.Context, from origin.Origin, write func(any) error) error {
		var fits []enginesRow
		for _, d := range all {
			for _, seed := range seeds {
				for _, pair := range [][2]string{{"fast", other}, {other, "fast"}} {
					c := tabular.DefaultFit()
					c.Model, c.Layers, c.Steps, c.Seed, c.Engine = model, layers, steps, seed, pair[0]
					r, err := fitAndScore(ctx, d, c, pair[1], rows, test)
					if err != nil {
						return fmt.Errorf("%s, seed %d, by %s: %w", d.Name, seed, pair[0], err)
					}
					r.Origin = from
					fmt.Printf("%-13s seed %-2d %-8s KL %.4f ± %.4f  %5.1f s, scores differ by %.1e at the median, %.1e for one in a hundred, %.1e at most\n",
						r.Data, r.Seed, r.Backend, r.KL, r.KLSE, r.Seconds, r.Median, r.OneInHundred, r.Most)
					fits = append(fits, r)
				}
			}
		}
		return write(fits)
	}
	return m
}

// enginesRow is one fit by the engine in Backend, and how far the scores of fresh points
// by two engines are apart: |a - b|/(1 + |b|).
type enginesRow struct {
	defaultsRow
	Median       float64 `json:"apart_median"`
	OneInHundred float64 `json:"apart_99"` // one point in a hundred is further
	Most         float64 `json:"apart_most"`
}

// fitAndScore fits by the engine of c, and scores by the other as well.
func fitAndScore(ctx context.Context, d *dataset.Density, c tabular.FitConfig, other string, rows, test int) (r enginesRow, err error) {
	dir, err := os.MkdirTemp("", "engines")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	fitted, first, err := fitTable(ctx, dir, d, c, rows, test)
	if err != nil {
		return r, err
	}
	second, err := tabular.Open(filepath.Join(dir, "model"), other)
	if err != nil {
		return r, err
	}
	points := d.Sample(freshStream+c.Seed, test)
	a, err := density.LogProb(first, points)
	if err != nil {
		return r, err
	}
	b, err := density.LogProb(second, points)
	if err != nil {
		return r, err
	}
	for i := range a {
		a[i] = math.Abs(a[i]-b[i]) / (1 + math.Abs(b[i]))
	}
	slices.Sort(a)
	return enginesRow{fitted, a[len(a)/2], a[len(a)*99/100], a[len(a)-1]}, nil
}
