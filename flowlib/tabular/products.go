package tabular

import (
	"math"
	"slices"
)

// maxProducts is the number of columns up to which products and sums of squares are looked for.
const maxProducts = 50

// findProducts finds features that are products of powers of at least two other columns, or
// related to them by a sum of squares, which neither findDependent nor findCurved detects;
// found are their columns. Such features are linear functions of each other among the
// logarithms of the columns, or among the columns and their squares.
func findProducts(rows [][]float64, features int, found []dependence) (all []dependence) {
	if len(rows) < 2 || len(rows[0]) > maxProducts {
		return nil
	}
	rows = rows[:min(len(rows), dependentRows)]
	width := len(rows[0])
	known := map[int]bool{}
	for _, d := range found {
		known[d.column] = true
	}
	// look searches rows of derived columns: column i is derived from column of[i].
	look := func(made [][]float64, features int, of []int) {
		for _, d := range findDependent(made, features) {
			column, on := of[d.column], map[int]bool{}
			for _, i := range d.on {
				on[of[i]] = true
			}
			if delete(on, column); len(on) < 2 || known[column] {
				continue // a column of two values is its own square
			}
			known[column] = true
			d.column, d.on, d.curved = column, nil, true
			for i := range width {
				if on[i] {
					d.on = append(d.on, i)
				}
			}
			all = append(all, d)
		}
	}
	order := make([]int, 0, 2*width) // features, their squares, context, its squares
	for _, part := range [][2]int{{0, features}, {0, features}, {features, width}, {features, width}} {
		for j := part[0]; j < part[1]; j++ {
			order = append(order, j)
		}
	}
	logs, squares := make([][]float64, len(rows)), make([][]float64, len(rows))
	for i := range rows {
		logs[i], squares[i] = make([]float64, width), make([]float64, 2*width)
	}
	seen := map[int]bool{}
	for j := range width {
		column := standardized(rows, j)
		if column == nil {
			continue
		}
		if !slices.ContainsFunc(rows, func(row []float64) bool { return row[j] == 0 }) {
			for i, row := range rows {
				logs[i][j] = math.Log(math.Abs(row[j]))
			}
		}
		clear(seen)
		for k, of := range order {
			if of != j {
				continue
			}
			for i, v := range column {
				if squares[i][k] = v; seen[j] {
					squares[i][k] = v * v
				}
			}
			seen[j] = true
		}
	}
	straight := make([]int, width)
	for j := range straight {
		straight[j] = j
	}
	look(logs, features, straight)
	look(squares, 2*features, order)
	return all
}
