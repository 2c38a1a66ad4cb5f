package main

import (
	"errors"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"normflow/internal/bench"
)

func newBench() *cobra.Command {
	var a bench.Ask
	var batches []int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench --data FILE.csv [--engine NAME] [--model NAME] [--task train|logprob|sample]",
		Short: "Measure the speed of one engine",
		Long: `Measure the speed of one engine on a RealNVP (35,344 parameters over two features)
or on the neural spline flow that is the default of flow fit (15,112):
training by Adam, scoring, or sampling.

Each batch size is measured in its own process. Times are in seconds, memory in
MiB, NLL in nats: for training that of step 200 (nsf: 40), before its update.`,
		Example: `  flow bench-data -o /tmp/bench
  flow bench --engine xla --task train --data /tmp/bench/data.csv --weights /tmp/bench/weights.safetensors
  flow bench --engine go --task logprob --data /tmp/bench/data.csv --json`,
		Args: arguments(),
	}
	f := cmd.Flags()
	f.StringVar(&a.Engine, "engine", "fast", "one of "+strings.Join(bench.Engines(), ", "))
	f.StringVar(&a.Model, "model", "realnvp", "realnvp or nsf")
	f.StringVar(&a.Task, "task", bench.Train, "train, logprob or sample")
	f.IntSliceVar(&batches, "batch", nil, "points per training step (default 256,1024,4096), or per call (default all)")
	f.IntVar(&a.Threads, "threads", runtime.NumCPU(), "maximum number of threads")
	f.Float64Var(&a.Secs, "secs", 3, "length of the timed part, seconds")
	f.IntVar(&a.N, "n", 1_000_000, "points to score or to draw")
	f.StringVar(&a.Data, "data", "", "CSV file as flow bench-data writes it")
	f.StringVar(&a.Weights, "weights", "", "safetensors file of initial weights (default new ones)")
	f.BoolVar(&asJSON, "json", false, "print a line of JSON for each measurement")
	offer(cmd, "engine", choices(bench.Engines()...))
	offer(cmd, "model", choices("realnvp", "nsf"))
	offer(cmd, "task", choices(bench.Train, bench.LogProb, bench.Sample))
	offer(cmd, "data", files("csv"))
	offer(cmd, "weights", files("safetensors"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(batches) == 0 {
			batches = a.DefaultBatches()
		}
		for _, a.Batch = range batches {
			if err := a.Check(); err != nil {
				return usageError{err}
			}
		}
		var lines []bench.Line
		show := func(l bench.Line) error {
			if asJSON {
				return l.WriteJSON(cmd.OutOrStdout())
			}
			lines = append(lines, l)
			return nil
		}
		if len(batches) == 1 {
			line, err := bench.Measure(cmd.Context(), a)
			if err != nil {
				return err
			}
			if err := show(line); err != nil {
				return err
			}
		} else if err := bench.Children(cmd.Context(), oneBench(a), batches, cmd.ErrOrStderr(), show); err != nil {
			return err
		}
		if asJSON {
			return nil
		}
		return bench.WriteTable(cmd.OutOrStdout(), lines)
	}
	return cmd
}

// oneBench returns the command line that asks for a, without its batch size.
func oneBench(a bench.Ask) []string {
	return []string{"bench",
		"--engine", a.Engine, "--model", a.Model, "--task", a.Task, "--data", a.Data, "--weights", a.Weights,
		"--threads", strconv.Itoa(a.Threads), "--n", strconv.Itoa(a.N),
		"--secs", strconv.FormatFloat(a.Secs, 'g', -1, 64),
	}
}

func newBenchData() *cobra.Command {
	var dir, model string
	var features int
	var seed int64
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench-data -o DIR",
		Short: "Write the data and the weights that a comparison starts from",
		Long: `Write data.csv, 20,000 rows with a point of moons10 for every two features, and
weights.safetensors, the initial weights of a model over them.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return usageError{errors.New("--out (-o) must name a folder")}
			}
			if err := bench.WriteData(dir, model, features, seed); err != nil || !asJSON {
				return err
			}
			return printJSON(cmd.OutOrStdout(), map[string]string{
				"data": filepath.Join(dir, bench.DataFile), "weights": filepath.Join(dir, bench.WeightsFile),
			})
		},
	}
	cmd.Flags().StringVarP(&dir, "out", "o", "", "folder to write to")
	cmd.Flags().StringVar(&model, "model", "realnvp", "realnvp or nsf")
	cmd.Flags().IntVar(&features, "features", 2, "columns of the data, an even number")
	offer(cmd, "model", choices("realnvp", "nsf"))
	cmd.Flags().Int64Var(&seed, "seed", 0, "of the points and of the weights")
	addJSON(cmd.Flags(), &asJSON)
	offer(cmd, "out", folders)
	return cmd
}
