package tabular

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"normflow/flowlib/dataset"
	"normflow/flowlib/table"
	"normflow/internal/nearest"
	"normflow/internal/show"
)

// weights holds the weights of the rows, of which only the ratios matter; nil: all are equal.
type weights struct {
	all                []float64 // in the order of the file
	train, valid, test []float64 // of the raw rows of each part
	aside              []float64
}

// chooseWeights returns choose with the column of weights behind the columns that it names.
func chooseWeights(column string, choose func(all []table.Column) ([]string, error)) func(all []table.Column) ([]string, error) {
	if column == "" {
		return choose
	}
	return func(all []table.Column) ([]string, error) {
		names, err := choose(all)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(namesOf(all), column) {
			return nil, wrong(OptionWeights, "%s", nearest.Unknown("column", column, namesOf(all)))
		}
		if slices.Contains(names, column) {
			return nil, wrong(OptionWeights, "column %s is part of the density: the weights must be a column of their own", show.Quoted(column))
		}
		return append(slices.Clone(names), column), nil
	}
}

// checkWeight returns an error unless w is a weight; it is that of the row at the given line.
func checkWeight(w float64, column, file, unit string, line int64) error {
	if w >= 0 && !math.IsInf(w, 0) {
		return nil
	}
	return &table.Error{
		File: file, Unit: unit, Line: line, Column: column, Found: fmt.Sprintf("%g", w), Expected: "a weight, which is a number from 0 on",
		Remedies: []table.Remedy{{Do: "correct it"}, {Do: "name another column", Option: OptionWeights}},
	}
}

// noWeight returns the error for a table in which all weights are 0.
func noWeight(file, column string) error {
	return &table.Error{
		File: file, Column: column, Found: "the weight 0 in all rows", Expected: "one above 0",
		Remedies: []table.Remedy{{Do: "name another column", Option: OptionWeights}},
	}
}

// takeWeights removes the last column of a table, the weights, and the rows of weight 0,
// which must not change the fit.
func (d *data) takeWeights(t *table.Table, column string) error {
	if column == "" {
		return nil
	}
	last := len(t.Columns) - 1
	t.Columns = t.Columns[:last:last]
	rows, lines, numbers := t.Rows[:0], t.Lines[:0], t.Numbers[:0]
	largest := 0.0
	for i, row := range t.Rows {
		w := row[last]
		if err := checkWeight(w, column, d.name, unit(t.Format), t.Lines[i]); err != nil {
			if t.Numbers != nil {
				file, unit := d.files.Place(t.Numbers[i])
				err = checkWeight(w, column, file, unit, t.Lines[i])
			}
			return err
		}
		if w > 0 {
			rows, lines = append(rows, row[:last:last]), append(lines, t.Lines[i])
			if t.Numbers != nil {
				numbers = append(numbers, t.Numbers[i])
			}
			d.weights.all = append(d.weights.all, w)
			largest = max(largest, w)
		}
	}
	if len(rows) == 0 {
		return noWeight(d.name, column)
	}
	d.source.Weightless = int64(len(t.Rows) - len(rows))
	t.Rows, t.Lines, t.Numbers = rows, lines, numbers
	alike := true
	for i := range d.weights.all { // so that nothing overflows, and equal ones are 1
		d.weights.all[i] /= largest
		alike = alike && d.weights.all[i] == 1
	}
	if alike {
		d.weights.all = nil
	}
	if n := dataset.EffectiveRows(d.weights.all, len(rows)); n < 2 {
		return &table.Error{
			File: d.name, Column: column, Found: "one row with nearly all of the weight", Expected: "weights of more rows to count",
			Remedies: []table.Remedy{{Do: "correct it"}, {Do: "name another column", Option: OptionWeights}},
		}
	}
	d.leaveOut(column, "the weights of the rows")
	return nil
}

// sayWeights notes the effective number of rows.
func (d *data) sayWeights(column string, note func(table.Note)) {
	if column == "" {
		return
	}
	if d.source.Weightless > 0 {
		note(table.NoteOf("%d rows were left out: their weight is 0", d.source.Weightless))
	}
	if d.weights.all == nil {
		note(table.NoteOf("the rows all have the same weight"))
		return
	}
	n := dataset.EffectiveRows(d.weights.all, len(d.weights.all))
	text := fmt.Sprintf("the rows count by %s: for what a mean of them is worth they are %.0f", show.Name(column), n)
	if n < minRows {
		d.warn(table.NoteOf("%s, which is few to fit a density to", text))
		return
	}
	note(table.NoteOf("%s", text))
}

// split splits the weights as the rows are split.
func (w *weights) split(split func(rows [][]float64) (dataset.Splits, error)) error {
	if w.all == nil {
		return nil
	}
	rows := make([][]float64, len(w.all))
	for i := range rows {
		rows[i] = w.all[i : i+1]
	}
	parts, err := split(rows)
	w.train, w.valid, w.test = flat(parts.Train), flat(parts.Valid), flat(parts.Test)
	return err
}

func flat(rows [][]float64) (all []float64) {
	for _, row := range rows {
		all = append(all, row...)
	}
	return all
}

// times repeats weights for the given number of rows, which are copies behind each other.
func times(weights []float64, rows int) []float64 {
	if weights == nil {
		return nil
	}
	return slices.Repeat(weights, rows/len(weights))
}

// joined returns the weights of two sets of rows, nil if both are nil.
func joined(a, b []float64) []float64 {
	if a == nil && b == nil {
		return nil
	}
	return slices.Concat(a, b)
}

// pickWeights returns the weights of some rows.
func pickWeights(weights []float64, places []int) []float64 {
	if weights == nil {
		return nil
	}
	return pick(weights, places)
}

// proportional returns as many values as there are, each as often as its weight says, in
// order, for what takes no weights.
func proportional[T any](values []T, weights []float64) []T {
	if weights == nil || len(values) == 0 {
		return values
	}
	all := make([]T, 0, len(values))
	scale, sum := float64(len(values))/floats.Sum(weights), 0.0
	for i, v := range values {
		for sum += weights[i] * scale; float64(len(all))+0.5 < sum && len(all) < len(values); {
			all = append(all, v)
		}
	}
	for len(all) < len(values) { // rounding
		all = append(all, values[len(values)-1])
	}
	return all
}

// perWeight returns the effective number of training and validation rows per unit of weight.
func (d *data) perWeight() float64 {
	all := joined(d.weights.train, d.weights.valid)
	return dataset.EffectiveRows(all, len(all)) / floats.Sum(all)
}

// weightOf returns the weight of row i, 1 if weights is nil.
func weightOf(weights []float64, i int) float64 {
	if weights == nil {
		return 1
	}
	return weights[i]
}
