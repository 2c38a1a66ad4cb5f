// Command measure measures the numbers in report/measured, with a sub-command for each
// file.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/flowlib/dataset"
	"normflow/internal/origin"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run returns the exit status: 0, 1 if a measurement failed, 2 after wrong usage.
func run(ctx context.Context, args []string) int {
	root := &cobra.Command{
		Use: "measure", Short: "Make the numbers of report/measured anew",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage: true, SilenceErrors: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	for _, m := range measurements {
		root.AddCommand(m().command())
	}
	root.SetArgs(args)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", called.CommandPath(), err)
	var failed measureError
	if errors.As(err, &failed) {
		return 1
	}
	fmt.Fprintf(os.Stderr, "Try '%s --help'.\n", called.CommandPath())
	return 2
}

// measurements lists what can be measured: each file that measures adds its own.
var measurements []func() *measurement

// measurement is a sub-command that writes a file of rows.
type measurement struct {
	cobra.Command // its name, flags and texts

	// check returns an error for wrong requests, before minutes of work.
	check func(args []string) error

	// measure makes the rows, with the given origin, and passes all of them to write.
	measure func(ctx context.Context, from origin.Origin, write func(rows any) error) error
}

// measureError is an error that is not a mistake in the call.
type measureError struct{ error }

// command returns m with the flag --out, for the file of its rows.
func (m *measurement) command() *cobra.Command {
	c := &m.Command
	out := c.Flags().StringP("out", "o", "report/measured/"+c.Name()+".json", "file to write")
	c.Flags().SortFlags = false
	if c.Args == nil {
		c.Args = cobra.NoArgs
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := m.check(args); err != nil {
			return err
		}
		err := m.measure(c.Context(), origin.Now(), func(rows any) error { return origin.Write(*out, rows) })
		if err != nil {
			return measureError{err}
		}
		return nil
	}
	return c
}

// addSeeds adds --seeds.
func addSeeds(f *pflag.FlagSet, seeds *[]int64) {
	f.Int64SliceVar(seeds, "seeds", []int64{0, 1, 2}, "seeds, separated by commas")
}

// densities returns the toy densities with these names, or all of them for "all".
func densities(names []string) (all []*dataset.Density, err error) {
	if slices.Equal(names, []string{"all"}) {
		return dataset.Densities(), nil
	}
	for _, name := range names {
		d, err := dataset.ByName(name)
		if err != nil {
			return nil, fmt.Errorf("--data: %w", err)
		}
		all = append(all, d)
	}
	return all, nil
}
