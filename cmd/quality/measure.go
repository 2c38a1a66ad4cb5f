package main

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"normflow/flowlib/backend"
	"normflow/flowlib/experiment"
	"normflow/internal/origin"
)

// measure makes all runs, some at a time, and writes their rows to out.
func measure(ctx context.Context, runs []run, jobs int, out string) error {
	from := origin.Now()
	b, err := backend.Open("")
	if err != nil {
		return err
	}
	fmt.Printf("%-24s %-13s %4s %7s %9s %9s %8s %9s %9s %9s %7s\n",
		"model", "data", "seed", "params", "NLL", "KL", "± s.e.", "integral", "trip f32", "trip f64", "seconds")
	rows := make([]row, len(runs))
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
			rows[i] = newRow(one.model, r, proof, from)
			fmt.Printf("%-24s %-13s %4d %7d %9.4f %9.4f %8.4f %9.5f %9.1e %9.1e %7.1f\n",
				one.model, one.cfg.Data, one.cfg.Seed, r.Parameters, r.NLL.Mean, r.KL.Mean, r.KL.SE,
				proof.Integral, proof.RoundTrip32, proof.RoundTrip64, r.Fit.Seconds)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	printMedians(rows)
	return origin.Write(out, rows)
}

// printMedians prints the median KL over the seeds: a line a model, a column a data set.
func printMedians(rows []row) {
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
			fmt.Printf(" %12.4f", median(kls[[2]string{m, d}]))
		}
		fmt.Println()
	}
}

// median is the value in the middle, or the mean of the two there.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
