package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/flowlib/parts"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// partFlags ask for parts in a folder in place of one table.
type partFlags struct {
	shard, format string
	rows          int64
}

const partsHelp = `

Where OUT is a folder (a name with / at its end), each FILE, which may be a pattern such
as 'day-*.parquet', becomes one part there, whole or not at all, with a record of its
rows beside it. Run again, it makes the parts that are missing. --shard 0/4 to 3/4 share
them among four processes, on any machines that see the folder; flow gather checks and
joins them.`

func (p *partFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.shard, "shard", "", "i/n: of the parts in a folder make each n-th, from the i-th on (0 to n-1)")
	f.StringVar(&p.format, "part-format", "", "ending of the parts: csv, csv.gz, tsv, parquet, npy or npz (default that of each file)")
	offer(cmd, "part-format", choices("csv", "csv.gz", "tsv", "parquet", "npy", "npz"))
}

func (p *partFlags) addRows(f *pflag.FlagSet) {
	f.Int64Var(&p.rows, "rows-per-part", 0, "divide Parquet files into parts of at most so many rows, as far as their row groups allow")
}

// wanted says whether parts are asked for, and refuses a call that is unclear.
func (p *partFlags) wanted(files []string, out string) (bool, error) {
	asked := p.shard != "" || p.format != "" || p.rows != 0 || len(files) > 1
	for _, file := range files {
		if _, err := os.Lstat(file); err != nil && strings.ContainsAny(file, "*?[") {
			asked = true
		}
	}
	isFolder := strings.HasSuffix(out, "/") || parts.IsPlanned(out)
	switch {
	case asked && !isFolder:
		return false, usageError{fmt.Errorf("parts of several files go to a folder: give one with -o FOLDER/, with / at its end, found %s", show.Quoted(out))}
	case p.rows < 0:
		return false, usageError{fmt.Errorf("--rows-per-part: expected at least 1, found %d", p.rows)}
	}
	return isFolder, nil
}

// ending is that of the parts, "" for that of their files.
func (p *partFlags) ending() (string, error) {
	if p.format == "" {
		return "", nil
	}
	ending := "." + strings.TrimPrefix(p.format, ".")
	if err := table.CheckOut("part" + ending); err != nil {
		return "", usageError{fmt.Errorf("--part-format: expected csv, csv.gz, tsv, parquet, npy or npz, found %s", show.Quoted(p.format))}
	}
	return ending, nil
}

// ofFiles plans a part for each of the files.
func (p *partFlags) ofFiles(patterns []string) ([]parts.Unit, error) {
	ending, err := p.ending()
	if err != nil {
		return nil, err
	}
	files, err := parts.Files(patterns)
	if err != nil {
		return nil, err
	}
	return parts.OfFiles(files, ending, p.rows)
}

// ofTables makes a part of each of the files that follow the model among the arguments. Do
// judges one and writes it to a path.
func (p *partFlags) ofTables(cmd *cobra.Command, args []string, out string, read table.Options, asJSON bool, do func(ctx context.Context, file, path string, read table.Options) (tabular.Seen, any, error)) error {
	units, err := p.ofFiles(args[1:])
	if err != nil {
		return err
	}
	return p.run(cmd, args[0], out, units, read.Header != table.HeaderNo, asJSON, func(ctx context.Context, u parts.Unit, path string) (int64, any, error) {
		read := read
		read.Groups = u.Groups
		seen, result, err := do(ctx, u.File, path, read)
		warn(cmd, seen.Warnings)
		return seen.Rows, result, err
	})
}

// run makes the parts of units in the folder out, and says how it went.
func (p *partFlags) run(cmd *cobra.Command, model, out string, units []parts.Unit, header, asJSON bool, do parts.Do) error {
	var shard parts.Shard
	var err error
	if p.shard != "" {
		if shard, err = parts.ParseShard(p.shard); err != nil {
			return usageError{fmt.Errorf("--shard: %w", err)}
		}
	}
	if out == "" || whole.IsModel(out) {
		return usageError{errors.New("name a folder for the parts with -o FOLDER/")}
	}
	plan, err := parts.New(cmd.Name(), model, settings(cmd), header, units)
	if err != nil {
		return err
	}
	done, err := plan.Run(cmd.Context(), out, shard, do, noteTo(cmd))
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), struct {
			Model string `json:"model"`
			Out   string `json:"out"`
			parts.Done
		}{model, out, done})
	}
	text := fmt.Sprintf("%d parts in %s, %d rows", done.Units, show.Path(out), done.Rows)
	if done.Skipped > 0 {
		text += fmt.Sprintf("; %d of them were there", done.Skipped)
	}
	noteTo(cmd)(text)
	return nil
}

// settings are the flags given that change what is in the parts.
func settings(cmd *cobra.Command) map[string]string {
	all := map[string]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "out", "shard", "json", "memory":
		default:
			all[f.Name] = f.Value.String()
		}
	})
	return all
}

func newGather() *cobra.Command {
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "gather FOLDER [-o OUT]",
		Short: "Check that all parts of a folder are there, and join them",
		Long: `Check the parts that score, anomaly or sample have made in FOLDER: all are there,
once each, and none was changed since (SHA-256). Then join them, in the order of their
files, to the table OUT, which has the ending of the parts; text may be packed otherwise.
Without -o nothing is joined.

FOLDER/manifest.json lists the parts with their rows and checksums.`,
		Example: `  flow score model 'days/*.parquet' -o scored/
  flow gather scored/ -o scored.parquet`,
		Args: arguments("FOLDER"),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&out, "out", "o", "", "table to write, or - for text on the standard output (default none)")
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = inTurn(folders)
	offer(cmd, "out", written)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkStreams(out, asJSON); err != nil {
			return err
		}
		m, err := parts.Gather(args[0], out)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), struct {
				Out   string `json:"out"`
				Parts int    `json:"parts"`
				Rows  int64  `json:"rows"`
			}{out, len(m.Parts), m.Rows})
		}
		noteTo(cmd)(fmt.Sprintf("%d parts, %d rows: all are there", len(m.Parts), m.Rows))
		return nil
	}
	return cmd
}
