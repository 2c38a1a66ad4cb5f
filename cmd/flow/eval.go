package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"normflow/flowlib/tabular"
)

func newEval() *cobra.Command {
	var o tabular.Options
	var read readFlags
	var page, engine string
	var seed int64
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval MODEL FILE [-o PAGE.html]",
		Short: "Judge a model on a table, with pictures in one HTML page",
		Long: `Judge MODEL on the rows of FILE: the mean of -log p in nats per row (NLL) with
its standard error, bits per dimension, and tests of whether the rows could be
draws of the model, on a sample of at most 10,000 of them.

With -o it writes one HTML page with figures and pictures, which loads nothing
and runs no script.

FILE should hold rows that the fit has not seen.`,
		Example: `  flow eval model fresh.csv -o page.html
  flow eval model fresh.csv --json`,
		Args: arguments("MODEL", "FILE"),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&page, "out", "o", "", "HTML page to write")
	f.Int64Var(&seed, "seed", 0, "of the draws and the permutations")
	f.StringVar(&o.Weights, "weights", "", "column of the rows' weights, by name: the NLL is their weighted mean")
	addEngine(f, &engine)
	read.add(f)
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = inTurn(models, tables)
	offer(cmd, "out", files("html"))
	offer(cmd, "weights", columnNames(&read, 1, false))
	offerReading(cmd, 1)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if o.Read, err = read.options(); err != nil {
			return err
		}
		if page != "" {
			if err := tabular.CheckPage(page, args...); err != nil {
				return err
			}
		}
		m, err := tabular.Open(args[0], engine)
		if err != nil {
			return err
		}
		e, err := m.Evaluate(cmd.Context(), args[1], o, seed)
		if err != nil {
			return err
		}
		showSeen(cmd, e.Seen)
		if page != "" {
			if err := m.WritePage(page, e); err != nil {
				return err
			}
		}
		if asJSON {
			e.Warnings = told(cmd, e.Warnings)
			return printJSON(cmd.OutOrStdout(), e)
		}
		showEvaluation(cmd.OutOrStdout(), e)
		return nil
	}
	return cmd
}

func showEvaluation(w io.Writer, e *tabular.Evaluation) {
	fmt.Fprintf(w, "%d rows on %s\n", e.Rows, e.Engine)
	switch {
	case e.NLL != nil:
		fmt.Fprintf(w, "NLL         %s\n", *e.NLL)
	case e.Zero == 0:
		fmt.Fprintln(w, "NLL         none: its standard error needs at least 2 rows")
	}
	if e.HeldOut != nil {
		fmt.Fprintf(w, "at the fit  %s  (rows held out)\n", *e.HeldOut)
	}
	if d := e.Diagnostics; d != nil {
		fmt.Fprintf(w, "\n%-20s %9s %9s\n", "test", "size", "p-value")
		row := func(name string, size, p float64) { fmt.Fprintf(w, "%-20s %9.3g %9.2g\n", name, size, p) }
		if d.Latents != nil {
			row("latents", d.Latents.Radius.Statistic, d.Latents.PValue)
		}
		row("coverage", d.Coverage.KS.Statistic, d.Coverage.KS.PValue)
		row("sliced Wasserstein", d.SlicedWasserstein.Statistic, d.SlicedWasserstein.PValue)
		row("MMD²", d.MMD.Statistic, d.MMD.PValue)
		row("classifier", d.C2ST.Statistic, d.C2ST.PValue)
		fmt.Fprintf(w, "%-20s %9s %9.2g\n\n", "all together", "", d.PValue)
	}
	if e.Undiagnosed != "" {
		fmt.Fprintf(w, "Not tested: %s.\n", e.Undiagnosed)
	}
	for _, line := range e.Verdict {
		fmt.Fprintln(w, line)
	}
}
