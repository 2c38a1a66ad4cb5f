package tabular

import (
	"cmp"
	"math"
	"slices"
)

const (
	// curvedRest is how far, relative to what chance leaves, a column may lie from the
	// line between its neighbours in the order of another that it is a function of.
	curvedRest  = 3e-4
	curvedShare = 0.75 // of the rows that lie so near, at least
	curvedRows  = 60   // fewer, where the column changes at all, say nothing
)

// findCurved finds features that are functions of one other column, curved ones such as
// squares and logarithms, which findDependent does not see; found are its columns. In the
// order of a column, a function of it lies on the line between its two neighbours but for
// its curvature, which n rows make about 1/n² of its spread: anything else does not.
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
	for column := features - 1; column >= 0; column-- { // of two the later one is called a function of the other
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

// chanceRest is the median distance of a column from the mean of its neighbours in the
// order of the rows, which are shuffled.
func chanceRest(rows [][]float64, column int) float64 {
	var rest []float64
	for i := 1; i+1 < len(rows); i++ {
		rest = append(rest, math.Abs(rows[i][column]-(rows[i-1][column]/2+rows[i+1][column]/2)))
	}
	slices.Sort(rest)
	return rest[len(rest)/2]
}

// curved reports whether a column is a function of the one whose order is given.
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
		if all++; math.Abs(b[column]-(a[column]*(1-share)+c[column]*share)) <= curvedRest*chance {
			near++
		}
		if all == curvedRows && near < curvedRows/2 { // most columns have nothing to do with each other
			return false
		}
	}
	return all >= curvedRows && float64(near) >= curvedShare*float64(all)
}
