package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
)

func newScore() *cobra.Command {
	var o tabular.Options
	var read readFlags
	var p partFlags
	var out, engine string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "score MODEL FILE... [-o OUT]",
		Short: "Write the log-probability of each row of a table",
		Long: `Write the log-density of each row of FILE under MODEL, in nats and in the units
of the file, to the column log_prob, in the same order. It may be positive: the
unit of a density is the inverse of the unit of its columns.

The columns of FILE are found by name, in any order, and others are ignored. In a
file without names they must be in the order of the model's. Files of any size
take the same memory.

OUT is a CSV (also .gz), .npy, .npz or .parquet, or - (the default) for a CSV on
standard output.

The engine fast, the default, scores in float32; the others use float64 except
for their networks. Engines agree to 1e-5 nats, relative to the larger of 1 and
the log-density, or a few times that at spikes of a density. With every engine a
row whose latents overflow a float32 has density 0, log_prob -Inf.` + partsHelp,
		Example: `  flow score model new.csv -o scores.csv
  flow score model new.csv.gz --keep -o scored.parquet
  cat new.csv | flow score model - | sort -g | head
  flow score model 'days/*.parquet' -o scored/ --keep`,
		Args: argumentsAndMore("MODEL", "FILE"),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&out, "out", "o", "-", "table to write, or a folder of parts: a name with / at its end")
	f.BoolVar(&o.Keep, "keep", false, "write the columns of FILE before log_prob")
	addEngine(f, &engine)
	read.add(f)
	p.add(cmd)
	p.addRows(f)
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = inTurn(models, tables)
	offer(cmd, "out", written)
	offerReading(cmd, 1)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
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
				seen, err := m.Score(ctx, file, path, o)
				return seen, seen, err
			})
		}
		seen, err := m.Score(cmd.Context(), args[1], out, o)
		if err != nil {
			return err
		}
		showSeen(cmd, seen)
		if asJSON {
			seen.Warnings = told(cmd, seen.Warnings)
			return printJSON(cmd.OutOrStdout(), struct {
				Model string `json:"model"`
				Out   string `json:"out"`
				tabular.Seen
			}{args[0], out, seen})
		}
		text := fmt.Sprintf("%d rows on %s", seen.Rows, seen.Engine)
		if seen.NLL != nil {
			text += fmt.Sprintf(": mean log_prob %.4f ± %.4f nats", -seen.NLL.Mean, seen.NLL.SE)
		}
		noteTo(cmd)(text)
		return nil
	}
	return cmd
}
