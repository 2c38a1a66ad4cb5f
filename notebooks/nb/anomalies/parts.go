// Package anomalies splits a table into normal rows and anomalies, fits a flow to normal
// rows and judges what it flags, for notebook 8.
package anomalies

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/janpfeifer/must"

	"normflow/flowlib/dataset"
	"normflow/flowlib/experiment"
	"normflow/flowlib/table"
	"normflow/notebooks/nb"
)

// Parts is a table, split for a detector that learns from normal rows only.
type Parts struct {
	Columns     []string    // [D]
	Train       [][]float64 // half of the normal rows, [n, D]
	Calibration [][]float64 // a quarter: shows how strange a normal row can look
	Normal      [][]float64 // the last quarter, which with
	Anomalies   [][]float64 // all other rows is the test
	Name, Other string      // names of normal rows and of the others
	Seed        int64       // of the shuffle
}

// Part splits the rows of a table by the column of text that was read with the numbers:
// rows are normal if it is equal to normal.
func Part(t *table.Table, normal string, seed int64) Parts {
	if len(t.Kept) != 1 {
		panic(fmt.Sprintf("nb: the table was read with %d columns of text beside its numbers, expected the one that tells normal rows from others: name it in Keep, and in Exclude", len(t.Kept)))
	}
	p := Parts{Columns: t.Columns, Name: normal, Seed: seed}
	var rows [][]float64
	for i, row := range t.Rows {
		if t.Text[i][0] == normal {
			rows = append(rows, row)
		} else {
			p.Anomalies = append(p.Anomalies, row)
			if p.Other == "" {
				p.Other = t.Text[i][0]
			}
			if p.Other != t.Text[i][0] {
				p.Other = "other"
			}
		}
	}
	if len(rows) == 0 || len(p.Anomalies) == 0 {
		panic(fmt.Sprintf("nb: of %d rows %d say %q in column %q: expected some that do and some that do not", len(t.Rows), len(rows), normal, t.Kept[0].Name))
	}
	splits := must.M1(dataset.Split(rows, seed, 0.25, 0.25))
	p.Train, p.Calibration, p.Normal = splits.Train, splits.Valid, splits.Test
	return p
}

// String says how many rows each part has.
func (p Parts) String() string {
	return fmt.Sprintf("to fit to:         %d %s rows\nto calibrate with: %d %s rows\nfor the test:      %d %s rows, %d %s rows",
		len(p.Train), p.Name, len(p.Calibration), p.Name, len(p.Normal), p.Name, len(p.Anomalies), p.Other)
}

// Label is the column of the test's file that is 1 in anomalies, else 0.
const Label = "label"

// folder returns where the parts and the fit are stored.
func (p Parts) folder() string {
	return filepath.Join(experiment.Root(), "tables", fmt.Sprintf("%s-seed-%d", p.Name, p.Seed))
}

// write writes the parts as train.csv, calibration.csv and test.csv, for the flow
// command.
func (p Parts) write() (folder string) {
	folder = p.folder()
	must.M(os.MkdirAll(folder, 0o777))
	file := func(name string, columns []string, rows [][]float64) {
		must.M(table.WriteAll(filepath.Join(folder, name), columns, rows))
	}
	file("train.csv", p.Columns, p.Train)
	file("calibration.csv", p.Columns, p.Calibration)
	var test [][]float64
	for _, row := range p.Normal {
		test = append(test, append(slices.Clone(row), 0))
	}
	for _, row := range p.Anomalies {
		test = append(test, append(slices.Clone(row), 1))
	}
	file("test.csv", append(slices.Clone(p.Columns), Label), test)
	return folder
}

// Rows shows the given number of rows of a table, spread evenly over it, in the named
// columns of numbers or text, and how many rows and columns there are.
func Rows(t *table.Table, count int, names ...string) {
	shown := [][]string{names}
	count = min(count, len(t.Rows))
	for k := range count {
		var row []string
		for _, name := range names {
			row = append(row, cellOf(t, k*len(t.Rows)/count, name))
		}
		shown = append(shown, row)
	}
	nb.Table(shown)
	nb.Markdown(fmt.Sprintf("%d rows of %d numbers (%s).", len(t.Rows), len(t.Columns), t.Format))
}

func cellOf(t *table.Table, row int, name string) string {
	if j := slices.Index(t.Columns, name); j >= 0 {
		return fmt.Sprint(t.Rows[row][j])
	}
	if j := slices.IndexFunc(t.Kept, func(c table.Column) bool { return c.Name == name }); j >= 0 {
		return t.Text[row][j]
	}
	panic(fmt.Sprintf("nb: the table has no column %q", name))
}
