package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"normflow/flowlib/dataset"
	"normflow/flowlib/table"
)

func newData() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "Toy densities whose entropy is known",
	}
	commands(cmd)
	cmd.AddCommand(newDataList(), newDataSample())
	return cmd
}

// density describes a toy density.
type density struct {
	Name     string  `json:"name"`
	Features int     `json:"features"`
	Entropy  float64 `json:"entropy"` // nats
}

func newDataList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the toy densities and their entropies",
		Long: `List the toy densities and their entropies in nats: no model has a smaller mean
negative log-likelihood on fresh data.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []density
			for _, d := range dataset.Densities() {
				all = append(all, density{d.Name, d.Features, d.Entropy})
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(all)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintf(w, "name\tfeatures\tentropy (nats)\n")
			for _, d := range all {
				fmt.Fprintf(w, "%s\t%d\t%.6f\n", d.Name, d.Features, d.Entropy)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newDataSample() *cobra.Command {
	var count int64
	var seed int64
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "sample NAME",
		Short: "Draw from a toy density",
		Long: `Draw from a toy density and write a table, a row for each draw. The extension of
the file determines its format: .npy, .npz, .parquet, or CSV (also .gz).`,
		Example: `  flow data sample moons10 -n 20000 -o moons.csv
  flow data sample checkerboard -n 1000 --seed 7 | head`,
		Args: arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := dataset.ByName(args[0])
			if err != nil {
				return usageError{err}
			}
			if count < 1 {
				return usageError{fmt.Errorf("--count must be at least 1, found %d", count)}
			}
			if asJSON && table.IsStdout(out) {
				return usageError{errors.New("--json needs a file to write the table to: --out FILE")}
			}
			if err := writeSample(d, seed, count, out); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(struct {
					density
					Count int64  `json:"count"`
					Seed  int64  `json:"seed"`
					Out   string `json:"out"`
				}{density{d.Name, d.Features, d.Entropy}, count, seed, out})
			}
			return nil
		},
	}
	cmd.ValidArgsFunction = inTurn(densities)
	f := cmd.Flags()
	f.Int64VarP(&count, "count", "n", 1000, "draws")
	f.Int64Var(&seed, "seed", 0, "of the draws; the same seed gives the same draws")
	f.StringVarP(&out, "out", "o", "-", "file to write; - is standard output")
	f.BoolVar(&asJSON, "json", false, "print what was drawn as JSON; needs --out")
	offer(cmd, "out", written)
	return cmd
}

// writeSample writes draws one by one: any number in constant memory.
func writeSample(d *dataset.Density, seed int64, count int64, out string) error {
	columns := []string{"x", "y"}
	if d.Features != len(columns) {
		columns = nil
		for i := range d.Features {
			columns = append(columns, fmt.Sprintf("x%d", i+1))
		}
	}
	w, err := table.Create(out, nil, columns, table.Dialect{})
	if err != nil {
		return err
	}
	defer w.Abort()
	for event := range d.Events(seed) {
		if err := w.Write(nil, event); err != nil {
			return err
		}
		if count--; count == 0 {
			break
		}
	}
	return w.Commit()
}
