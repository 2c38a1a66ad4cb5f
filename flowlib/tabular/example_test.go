package tabular_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/janpfeifer/must"

	"normflow/flowlib/dataset"
	"normflow/flowlib/table"
	"normflow/flowlib/tabular"
)

// From a table in a file to a model in a folder, then from another table to its scores
// and its anomalies. The commands flow fit, score and anomaly do the same.
func Example() {
	ctx := context.Background()
	dir := must.M1(os.MkdirTemp("", "tabular"))
	defer os.RemoveAll(dir)
	old, model, fresh, out := filepath.Join(dir, "old.csv"), filepath.Join(dir, "model"), filepath.Join(dir, "new.csv"), filepath.Join(dir, "out.csv")
	must.M(table.WriteAll(old, []string{"x", "y"}, dataset.TwoMoons(0.1).Sample(1, 1000)))
	must.M(table.WriteAll(fresh, []string{"x", "y"}, [][]float64{{0, 1}, {30, 30}}))

	cfg := tabular.DefaultFit()
	cfg.Model, cfg.Layers, cfg.Steps = "realnvp", 2, 200 // without these, the table chooses
	record := must.M1(tabular.Fit(ctx, old, model, cfg, tabular.Progress{}))
	fmt.Println("rows:", record.Split.Train, record.Split.Valid, record.Split.Test)

	m := must.M1(tabular.Open(model, "auto"))
	seen := must.M1(m.Score(ctx, fresh, out, tabular.Options{Keep: true}))
	fmt.Println("scored:", seen.Rows, "rows into", must.M1(table.Names(out, table.Options{})))

	found := must.M1(m.Anomalies(ctx, fresh, out, tabular.AnomalyOptions{FalseAlarm: 0.02}))
	fmt.Println("flagged:", found.Flagged, "the strangest in line", found.Strangest[0].Line)
	// Output:
	// rows: 800 100 100
	// scored: 2 rows into [x y log_prob]
	// flagged: 1 the strangest in line 3
}
