package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
)

func newAnomaly() *cobra.Command {
	var o tabular.AnomalyOptions
	var read readFlags
	var p partFlags
	var out, page, engine string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "anomaly MODEL FILE... [-o OUT]",
		Short: "Flag the rows of a table that are too unlikely to be normal",
		Long: `Flag the rows of FILE that are too unlikely to be normal under MODEL, which was
fitted to normal rows (a few anomalies among them do little harm).

A row's score is its log-density in units between those of the file and those in
which its columns look normal: the log-density alone would depend on whether a
column is, say, an income or its logarithm. Its p-value is the share of normal
rows, held out at the fit, that score at most as high. Rows with p at most
--false-alarm are flagged: on average that share of normal rows, whatever the model
has learned. The smallest p-value is 1/(held-out rows + 1), and no lower rate can
be promised. Then no row is flagged, a warning names the lowest possible rate, and
the strangest rows are still listed with their p-values.

OUT has a row for each row of FILE, in the same order, with the columns log_prob
(nats, in the units of the file), score (nats), p_value, anomaly (0 or 1) and
drivers: which columns make a flagged row strange, what they would normally be, and
by how many nats the score would rise.

With --labels the summary says how well the score separates normal rows from
anomalies. In that column 0 and false mark a normal row, any other number (1, 2,
-1) and true an anomaly; anything else, or nothing, is an error.` + partsHelp,
		Example: `  flow anomaly model new.csv --false-alarm 0.01 -o flagged.csv
  flow anomaly model tested.csv --labels is_fraud --keep -o flagged.parquet
  flow anomaly model 'days/*.parquet' -o flagged/ --shard 0/4`,
		Args: argumentsAndMore("MODEL", "FILE"),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Float64Var(&o.FalseAlarm, "false-alarm", 0.01, "share of normal rows that may be flagged")
	f.StringVarP(&out, "out", "o", "", "table to write: CSV, .csv.gz, .parquet, - for standard output, or a folder of parts: a name with / at its end (default none)")
	f.BoolVar(&o.Keep, "keep", false, "write the columns of FILE before the new ones")
	f.StringVar(&o.Labels, "labels", "", "column of FILE, by name: 0 or false for normal rows, another number or true for anomalies")
	f.StringVar(&o.Calibration, "calibration", "", "table of normal rows that the fit has not seen (default: the rows it held out)")
	f.StringVar(&page, "page", "", "for pictures: HTML page to write, with the strangest and where each is strange")
	addEngine(f, &engine)
	read.add(f)
	p.add(cmd)
	p.addRows(f)
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = inTurn(models, tables)
	offer(cmd, "out", files("csv", "tsv", "gz", "parquet"))
	offer(cmd, "page", files("html"))
	offer(cmd, "labels", columnNames(&read, 1, false))
	offer(cmd, "calibration", tables)
	offerReading(cmd, 1)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if page != "" {
			return usageError{errors.New("--page: a page of anomalies is for pictures; flow eval writes one for a table")}
		}
		if err := checkStreams(out, asJSON); err != nil {
			return err
		}
		if o.Read, err = read.options(); err != nil {
			return err
		}
		inParts, err := p.wanted(args[1:], out)
		if err != nil {
			return err
		}
		m, err := tabular.Open(args[0], engine)
		if err != nil {
			return err
		}
		if inParts {
			return p.ofTables(cmd, args, out, o.Read, asJSON, func(ctx context.Context, file, path string, read table.Options) (tabular.Seen, any, error) {
				o := o
				o.Read = read
				a, err := m.Anomalies(ctx, file, path, o)
				if err != nil {
					return tabular.Seen{}, nil, err
				}
				return a.Seen, a, nil
			})
		}
		a, err := m.Anomalies(cmd.Context(), args[1], out, o)
		if err != nil {
			return err
		}
		showSeen(cmd, a.Seen)
		if asJSON {
			a.Warnings = told(cmd, a.Warnings)
			return printJSON(cmd.OutOrStdout(), a)
		}
		w := cmd.OutOrStdout()
		if table.IsStdout(out) {
			w = cmd.ErrOrStderr()
		}
		showAnomalies(w, a)
		return nil
	}
	return cmd
}

func showAnomalies(w io.Writer, a *tabular.Anomalies) {
	if a.Promised {
		fmt.Fprintf(w, "%d of %d rows flagged (%.2f %%): score (%s) below %.4f nats, at a false-alarm rate of %g by %d normal rows\n",
			a.Flagged, a.Rows, 100*float64(a.Flagged)/float64(max(1, a.Rows)), a.Score, a.Threshold, a.FalseAlarm, a.Calibrated)
	} else {
		fmt.Fprintf(w, "no row of %d can be flagged at a false-alarm rate of %g: %d normal rows promise %.4g at least\n",
			a.Rows, a.FalseAlarm, a.Calibrated, a.Least)
	}
	if l := a.Labels; l != nil {
		fmt.Fprintf(w, "AUROC %.4f, average precision %.4f; flagged: %.1f %% of %d anomalies, %.2f %% of %d normal rows\n",
			l.AUROC, l.AveragePrecision, 100*l.Detected, l.Anomalous, 100*l.FalseAlarms, l.Normal)
	}
	if len(a.Strangest) == 0 {
		return
	}
	fmt.Fprintln(w, "\nThe strangest:")
	for _, s := range a.Strangest {
		var drivers []string
		for _, d := range s.Drivers {
			drivers = append(drivers, d.String())
		}
		fmt.Fprintf(w, "  %s %-8d score %9.3f  p %.2g  %s\n", a.Unit, s.Line, s.Score, s.PValue, strings.Join(drivers, "; "))
	}
}
