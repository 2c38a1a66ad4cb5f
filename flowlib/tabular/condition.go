package tabular

import (
	"fmt"
	"slices"

	"normflow/internal/show"
)

// condition watches a column of context for values that the fit has not seen: a density
// given such a value is a guess.
type condition struct {
	column   string
	at       int       // index in a row
	low, top float64   // range at the fit
	margin   float64   // distance outside the range that still counts as inside
	values   []float64 // all values at the fit, sorted, if there were few; else nil

	outside, between int // rows beyond the range, and rows within it at a new value
	where            int64
	first            float64
}

// conditions returns a watch of each column of context, for rows [D+C].
func (r *Record) conditions() (all []condition) {
	for j, name := range r.Context {
		at := len(r.Features) + j
		c := condition{column: name, at: at, low: r.Summary.Columns[at].Min, top: r.Summary.Columns[at].Max}
		if r.ContextValues != nil {
			c.values = r.ContextValues[j]
		}
		if len(c.values) == 0 { // a few new values of a continuous column lie just outside
			c.margin = 0.1 * (c.top - c.low)
		}
		all = append(all, c)
	}
	return all
}

// watchContext returns the same for rows of context alone, [C].
func (m *Model) watchContext() []condition {
	if m.Record == nil {
		return nil
	}
	all := m.Record.conditions()
	for i := range all {
		all[i].at = i
	}
	return all
}

func (c *condition) add(row []float64, line int64) {
	v := row[c.at]
	switch {
	case v < c.low-c.margin || v > c.top+c.margin:
		c.outside++
	case len(c.values) > 0 && !slices.Contains(c.values, v):
		c.between++
	default:
		return
	}
	if c.outside+c.between == 1 {
		c.where, c.first = line, v
	}
}

// warning describes the unseen values of a file whose rows are counted by unit; "" if
// there are none.
func (c *condition) warning(file, unit string) string {
	n := c.outside + c.between
	if n == 0 {
		return ""
	}
	rows := fmt.Sprintf("%d rows, the first at %s %d (%g),", n, unit, c.where, c.first)
	if n == 1 {
		rows = fmt.Sprintf("%s %d (%g)", unit, c.where, c.first)
	}
	return fmt.Sprintf("%s: column %s of context: %s %s", show.Path(file), show.Quoted(c.column), rows, c.unseen())
}

// unseen describes the unseen values.
func (c *condition) unseen() string {
	verb := "lies"
	if c.outside+c.between > 1 {
		verb = "lie"
	}
	what := fmt.Sprintf("%s outside what the fit has seen, %.6g to %.6g", verb, c.low, c.top)
	if len(c.values) > 0 {
		verb = map[string]string{"lies": "is", "lie": "are"}[verb]
		what = fmt.Sprintf("%s none of the %d values that the fit has seen, %s", verb, len(c.values), numbers(c.values))
	}
	return what + ": a density given it is a guess"
}

// numbers lists up to ten numbers.
func numbers(values []float64) string {
	text := ""
	for i, v := range values[:min(10, len(values))] {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%g", v)
	}
	if len(values) > 10 {
		text += fmt.Sprintf(", … %g", values[len(values)-1])
	}
	return text
}

// fewValues returns the sorted distinct values of each column of context if they are few
// enough to be classes or settings, else an empty list.
func fewValues(rows [][]float64, features int) [][]float64 {
	const most = 50
	all := make([][]float64, len(rows[0])-features)
	for j := range all {
		all[j] = []float64{}
		seen := map[float64]bool{}
		for _, row := range rows {
			if seen[row[features+j]+0] = true; len(seen) > most || 5*len(seen) > len(rows) {
				break
			}
		}
		if len(seen) > most || 5*len(seen) > len(rows) {
			continue
		}
		for v := range seen {
			all[j] = append(all[j], v)
		}
		slices.Sort(all[j])
	}
	return all
}
