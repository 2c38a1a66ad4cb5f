package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"normflow/flowlib/table"
)

// labelled is a table with known anomalies.
type labelled struct {
	rows   [][]float64
	labels []float64 // 0 for a normal row, 1 for an anomaly
}

// read reads a table from the arrays X, [n, D], and y, [n], of an NPZ file.
func read(path string) (l labelled, err error) {
	x, err := table.ReadAll(path, table.Options{Array: "X"})
	if err != nil {
		return l, err
	}
	y, err := table.ReadAll(path, table.Options{Array: "y"})
	if err != nil {
		return l, err
	}
	if len(x.Rows) != len(y.Rows) || len(y.Columns) != 1 {
		return l, fmt.Errorf("%s: X has %d rows, y is [%d, %d], expected one label for each row", path, len(x.Rows), len(y.Rows), len(y.Columns))
	}
	for i, row := range y.Rows {
		if row[0] != 0 && row[0] != 1 {
			return l, fmt.Errorf("%s: row %d of y is %g, expected 0 or 1", path, i+1, row[0])
		}
		l.labels = append(l.labels, row[0])
	}
	l.rows = x.Rows
	return l, nil
}

// split draws half of the normal rows for training; the others and the anomalies are for
// the test.
func (l labelled) split(seed int64) (train, test labelled) {
	half := 0
	for _, label := range l.labels {
		if label == 0 {
			half++
		}
	}
	half /= 2
	for _, i := range rand.New(rand.NewPCG(uint64(seed), 0xadbe)).Perm(len(l.rows)) {
		to := &test
		if l.labels[i] == 0 && len(train.rows) < half {
			to = &train
		}
		to.rows, to.labels = append(to.rows, l.rows[i]), append(to.labels, l.labels[i])
	}
	return train, test
}

// labelColumn holds the labels in a file of test rows.
const labelColumn = "anomaly"

// write writes the rows as a CSV with the columns x1, x2, … and, if asked, the labels.
func (l labelled) write(dir, name string, withLabels bool) (string, error) {
	path := filepath.Join(dir, name)
	var columns []string
	for j := range l.rows[0] {
		columns = append(columns, fmt.Sprintf("x%d", j+1))
	}
	if withLabels {
		columns = append(columns, labelColumn)
	}
	rows := l.rows
	if withLabels {
		rows = slices.Clone(rows)
		for i, row := range rows {
			rows[i] = append(row[:len(row):len(row)], l.labels[i])
		}
	}
	return path, table.WriteAll(path, columns, rows)
}
