package tabular

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// outliers are rows in which one column lies far outside: beyond a hundred times the
// spread of the middle half, with nothing between them and the rest.
type outliers struct {
	column int   // index in the rows
	rows   []int // their indices, ascending
	value  float64
	same   bool    // all have the same value: a mark, not a measurement
	times  float64 // distance of the nearest, in spreads
	middle float64 // median of the column
}

const (
	outlierDistance = 100  // spreads
	outlierGap      = 10   // times farther out than any other row
	outlierShare    = 0.05 // of the rows at most: more belong to the table
)

// findOutliers looks for outliers in each column of rows, [n, D]. A density is spread
// over the whole range of a column: a few rows a million times larger leave no detail for
// the others.
func findOutliers(rows [][]float64) (all []outliers) {
	if len(rows) == 0 {
		return nil
	}
	for j := range rows[0] {
		values := columnOf(rows, j)
		if len(values) == 0 {
			continue
		}
		distance := make([]float64, len(values))
		slices.Sort(values)
		middle := stat.Quantile(0.5, stat.Empirical, values, nil)
		for i, v := range values {
			distance[i] = math.Abs(v - middle)
		}
		slices.Sort(distance)
		spread := 0.0 // if half of a column or more has one value, the spread of the others
		for _, p := range []float64{0.5, 0.75, 0.9, 0.95} {
			if spread = stat.Quantile(p, stat.Empirical, distance, nil); spread > 0 {
				break
			}
		}
		if others := distance[sort.SearchFloat64s(distance, math.SmallestNonzeroFloat64):]; spread == 0 && len(others) > 0 {
			spread = stat.Quantile(0.5, stat.Empirical, others, nil)
		}
		least := len(values) - int(outlierShare*float64(len(values)))
		from := math.Inf(1) // distance of the nearest outlier
		for i := len(values) - 1; i >= max(1, least); i-- {
			if distance[i] <= outlierDistance*spread {
				break
			}
			if distance[i] >= outlierGap*distance[i-1] {
				from = distance[i]
			}
		}
		if !(spread > 0) || math.IsInf(from, 1) {
			continue
		}
		o := outliers{column: j, same: true, times: from / spread, middle: middle}
		for i, row := range rows {
			if !(math.Abs(row[j]-middle) >= from) { // also if it is missing
				continue
			}
			if len(o.rows) == 0 {
				o.value = row[j]
			}
			o.same = o.same && row[j] == o.value
			o.rows = append(o.rows, i)
		}
		all = append(all, o)
	}
	return all
}

// at names rows by their lines or row numbers in the file, and by the file if there are
// several.
func (d *data) at(rows []int) string {
	const most = 8
	var all []string // of each file
	var now, file, unit string
	add := func() {
		if file != "" {
			now += " of " + show.Path(file)
		}
		all = append(all, now)
	}
	for k, i := range rows[:min(most, len(rows))] {
		path, counts := d.fileOf(i)
		switch {
		case k == 0 || path != file:
			if k > 0 {
				add()
			}
			now, file, unit = fmt.Sprintf("%s %d", counts, d.lines[i]), path, counts
		default:
			now = strings.Replace(now, unit+" ", unit+"s ", 1) + fmt.Sprintf(", %d", d.lines[i])
		}
	}
	add()
	if len(rows) > most {
		all = append(all, fmt.Sprintf("… (%d in all)", len(rows)))
	}
	return strings.Join(all, ", ")
}

// fileOf returns the file of a row, "" if there is only one, and what lines counts there.
func (d *data) fileOf(row int) (path, unit string) {
	if d.files == nil || d.files.Len() == 1 {
		return "", d.unit
	}
	return d.files.Place(d.places[row])
}

// warning names the rows, which are at a place in words.
func (o outliers) warning(column, at string) string {
	text := fmt.Sprintf("column %s is far outside in %s: found %.6g, where the median is %.6g and nothing else is a tenth as far out",
		show.Quoted(column), at, o.value, o.middle)
	if o.same && len(o.rows) > 1 {
		text += ", all have that value, which may mark one that is missing"
	}
	return text + ": left out of the fit, whose density would be spread as far and poor for all other rows"
}

// setAside removes rows far outside from the table and warns of them by their lines. The
// model still scores such rows.
func (d *data) setAside(columns []string, rows [][]float64) [][]float64 {
	const most = 5 // warnings at most
	aside := map[int]bool{}
	found := slices.DeleteFunc(findOutliers(rows), func(o outliers) bool { return d.levels[columns[o.column]] != nil })
	for k, o := range found {
		switch {
		case k < most:
			d.warn(table.Note{Says: o.warning(columns[o.column], d.at(o.rows))})
		case k == most:
			d.warn(table.NoteOf("more columns have rows far outside, which are left out as well"))
		}
		for _, i := range o.rows {
			aside[i] = true
		}
	}
	if len(aside) == 0 {
		return rows
	}
	kept, lines := make([][]float64, 0, len(rows)), make([]int64, 0, len(rows))
	var numbers []int64
	for i, row := range rows {
		if aside[i] {
			d.aside = append(d.aside, row)
			continue
		}
		kept, lines = append(kept, row), append(lines, d.lines[i])
		if d.places != nil {
			numbers = append(numbers, d.places[i])
		}
	}
	if w := d.weights.all; w != nil {
		d.weights.all = nil
		for i, v := range w {
			if aside[i] {
				d.weights.aside = append(d.weights.aside, v)
			} else {
				d.weights.all = append(d.weights.all, v)
			}
		}
	}
	d.lines, d.places, d.source.Outliers = lines, numbers, len(aside)
	return kept
}
