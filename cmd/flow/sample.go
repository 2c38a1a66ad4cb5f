package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"normflow/flowlib/parts"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/show"
)

func newSample() *cobra.Command {
	c := tabular.SampleConfig{}
	var read readFlags
	var p partFlags
	var inParts int
	var out, engine, condition string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "sample MODEL -n N [-o OUT]",
		Short: "Draw rows from a model",
		Long: `Draw N rows from MODEL and write them as a table, in the units of the file that
it was fitted to. Columns on a grid, such as whole numbers, stay on their grid.

A temperature below 1 keeps draws where rows are dense, one above 1 spreads them;
log_prob is the log-density, in nats, under the model at temperature 1.

A model of pictures draws these; --condition class=3 names their class, if the model
knows classes.

A model of p(x | context) needs --condition: a value for each column of context,
as in --condition age=40,dose=0.5, or a table of contexts, one draw per row.

--parts K divides the N draws into K parts in the folder OUT (a name with / at its end),
each drawn from a seed of its own; with --condition 'contexts-*.csv' each of these files
becomes a part. --shard 0/4 to 3/4 share the parts among four processes; flow gather
checks and joins them.`,
		Example: `  flow sample model -n 1000 -o draws.csv
  flow sample model -n 1000 --temperature 0.7 --log-prob -o draws.parquet
  flow sample model -n 100 --condition age=40 -o at40.csv`,
		Args: arguments("MODEL"),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVarP(&c.Count, "n", "n", 0, "rows to draw")
	f.StringVarP(&out, "out", "o", "-", "table to write: CSV, .csv.gz, .npy, .npz, .parquet, - for standard output, or a folder of parts")
	f.Float64Var(&c.Temperature, "temperature", 1, "factor on the spread of the base distribution")
	f.StringVar(&condition, "condition", "", "name=value,… of the context, or a table of contexts")
	f.Int64Var(&c.Seed, "seed", 0, "the same seed draws the same rows on the same engine")
	f.BoolVar(&c.LogProb, "log-prob", false, "write the log-density of each row as the last column log_prob, in nats")
	addEngine(f, &engine)
	f.IntVar(&inParts, "parts", 0, "divide the draws into so many parts, in a folder")
	p.add(cmd)
	read.add(f)
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = inTurn(models)
	offer(cmd, "out", written)
	offer(cmd, "condition", conditions)
	offerReading(cmd, 1)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if err := checkStreams(out, asJSON); err != nil {
			return err
		}
		if c.Read, err = read.options(); err != nil {
			return err
		}
		var given map[string]string
		if strings.Contains(condition, "=") {
			if given, err = parseCondition(condition); err != nil {
				return usageError{err}
			}
		} else {
			c.ConditionFile = condition
		}
		if c.Count < 1 && c.ConditionFile == "" {
			return usageError{errors.New("-n must say how many rows to draw, at least 1")}
		}
		var patterns []string
		if c.ConditionFile != "" {
			patterns = []string{c.ConditionFile}
		}
		toFolder, err := p.wanted(patterns, out)
		switch {
		case err != nil:
			return err
		case inParts < 0 || toFolder && patterns == nil && inParts < 1:
			return usageError{fmt.Errorf("--parts: expected at least 1 in a folder, found %d", inParts)}
		case inParts > 0 && !toFolder:
			return usageError{fmt.Errorf("--parts: parts go to a folder: give one with -o FOLDER/, with / at its end, found %s", show.Quoted(out))}
		case inParts > 0 && patterns != nil:
			return usageError{errors.New("--parts: each file of --condition becomes a part: leave --parts out")}
		case inParts > c.Count && patterns == nil:
			return usageError{fmt.Errorf("--parts: expected at most %d, the number of draws, found %d", c.Count, inParts)}
		}
		m, err := tabular.Open(args[0], engine)
		if err != nil {
			return err
		}
		if c.Condition, err = m.ConditionOf(given); err != nil {
			return err
		}
		if toFolder {
			return sampleParts(cmd, m, c, p, args[0], out, patterns, inParts, asJSON)
		}
		warnings := []table.Note{}
		c.Warn = func(n table.Note) { warnings = append(warnings, n) }
		rows, err := m.Sample(cmd.Context(), out, c)
		if err != nil {
			return err
		}
		warn(cmd, warnings)
		if asJSON {
			return printJSON(cmd.OutOrStdout(), struct {
				Model       string       `json:"model"`
				Out         string       `json:"out"`
				Rows        int          `json:"rows"`
				Columns     []string     `json:"columns"`
				Seed        int64        `json:"seed"`
				Temperature float64      `json:"temperature"`
				Engine      string       `json:"engine"`
				Warnings    []table.Note `json:"warnings"`
			}{args[0], out, rows, m.Columns(), c.Seed, c.Temperature, m.Engine, told(cmd, warnings)})
		}
		noteTo(cmd)(fmt.Sprintf("%d rows of %s on %s", rows, show.Names(m.Columns()), m.Engine))
		return nil
	}
	return cmd
}

// sampleParts draws into a folder.
func sampleParts(cmd *cobra.Command, m *tabular.Model, c tabular.SampleConfig, p partFlags, model, out string, patterns []string, count int, asJSON bool) error {
	ending, err := p.ending()
	if err != nil {
		return err
	}
	units := parts.OfDraws(c.Count, count, cmp.Or(ending, ".csv"))
	if patterns != nil {
		if units, err = p.ofFiles(patterns); err != nil {
			return err
		}
	}
	return p.run(cmd, model, out, units, c.Read.Header != table.HeaderNo, asJSON, func(ctx context.Context, u parts.Unit, path string) (int64, any, error) {
		c := c
		c.Seed, c.Count, c.ConditionFile = u.Seed(c.Seed), u.Draws, u.File
		warnings := []table.Note{}
		c.Warn = func(n table.Note) { warnings = append(warnings, n) }
		rows, err := m.Sample(ctx, path, c)
		warn(cmd, warnings)
		return int64(rows), map[string]any{"seed": c.Seed, "warnings": warnings}, err
	})
}

// parseCondition parses name=value,name=value.
func parseCondition(text string) (map[string]string, error) {
	all := map[string]string{}
	for _, part := range strings.Split(text, ",") {
		name, value, is := strings.Cut(part, "=")
		if _, twice := all[name]; !is || twice {
			return nil, fmt.Errorf("--condition: expected name=value,… with each name once, found %s: give names or values that hold a comma in a table (--condition FILE.csv)", show.Quoted(text))
		}
		all[name] = value
	}
	return all, nil
}
