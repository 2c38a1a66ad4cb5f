package tabular

import (
	"cmp"
	"math"
	"slices"
)

const (
	// curvedRest is how far a function of another column may lie from the line between
	// its neighbors in the order of that column, relative to what chance leaves.
	curvedRest  = 3e-4
	curvedShare = 0.75 // share of the rows that lie this near, at least
	curvedRows  = 60   // changes of the column needed for a verdict
)

// findCurved finds features that are curved functions of one other column, such as
// squares and logarithms, which findDependent misses; found are those it has found. In
// the order of the other column, such a function lies on the line between its two
// neighbors except for its curvature, about 1/n² of its spread for n rows. Nothing else
// does.
func findCurved(rows [][]float64, features int, found []dependence) (all []dependence) {
	if len(rows) < 3 {
		return nil
	}
	rows = rows[:min(len(rows), dependentRows)]
	width := len(rows[0])
	known := map[int]bool{}
	for _, d := range found {
		known[d.column] = true
	}
	order := make([][]int, width)
	for j := range order {
		order[j] = make([]int, len(rows))
		for i := range order[j] {
			order[j][i] = i
		}
		slices.SortStableFunc(order[j], func(a, b int) int { return cmp.Compare(rows[a][j], rows[b][j]) })
	}
	for column := features - 1; column >= 0; column-- { // of two columns the later is called a function of the earlier
		if known[column] {
			continue
		}
		chance := chanceRest(rows, column)
		for on := range width {
			if on != column && !known[on] && chance > 0 && curved(rows, order[on], on, column, chance) {
				all = append(all, dependence{column: column, on: []int{on}, curved: true})
				known[column] = true
				break
			}
		}
	}
	slices.Reverse(all)
	return all
}

// chanceRest returns the median distance of a column from the mean of its neighbors in
// the shuffled order of the rows.
func chanceRest(rows [][]float64, column int) float64 {
	var rest []float64
	for i := 1; i+1 < len(rows); i++ {
		rest = append(rest, math.Abs(rows[i][column]-(rows[i-1][column]/2+rows[i+1][column]/2)))
	}
	slices.Sort(rest)
	return rest[len(rest)/2]
}

// curved reports whether a column is a function of the column that gives the order.
func curved(rows [][]float64, order []int, on, column int, chance float64) bool {
	near, all := 0, 0
	for k := 1; k+1 < len(order); k++ {
		a, b, c := rows[order[k-1]], rows[order[k]], rows[order[k+1]]
		if a[column] == b[column] && b[column] == c[column] {
			continue
		}
		share := 0.5 // of the way from a to c
		if a[on] < c[on] {
			share = (b[on] - a[on]) / (c[on] - a[on])
		}
		rest := math.Abs(b[column] - (a[column]*(1-share) + c[column]*share))
		bent := rest // from a parabola, which bends as the function does where rows are sparse
		if k > 1 {
			bent = math.Abs(b[column] - parabola(rows[order[k-2]], a, c, b[on], on, column))
		}
		if all++; rest <= curvedRest*chance || bent <= curvedRest*chance {
			near++
		}
		if all == curvedRows && near < curvedRows/2 { // most pairs of columns are unrelated: stop early
			return false
		}
	}
	return all >= curvedRows && float64(near) >= curvedShare*float64(all)
}

// parabola returns the value at x of the parabola through three points of a column over
// another, by Lagrange's formula; NaN where two of them coincide.
func parabola(a, b, c []float64, x float64, on, column int) float64 {
	p, q, r := a[on], b[on], c[on]
	return a[column]*((x-q)/(p-q))*((x-r)/(p-r)) + b[column]*((x-p)/(q-p))*((x-r)/(q-r)) + c[column]*((x-p)/(r-p))*((x-q)/(r-q))
}
