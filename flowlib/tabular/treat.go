package tabular

import (
	"fmt"
	"slices"

	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// Treatment says how the fit treats a column of the table.
type Treatment struct {
	Column string `json:"column"`
	Role   string `json:"role"` // feature, context or left out
	How    string `json:"how"`  // in words: continuous, with noise, or why it is left out

	otherwise []table.Remedy // how to have it treated otherwise
}

func (t Treatment) String() string {
	return fmt.Sprintf("column %s: %s, %s", show.Quoted(t.Column), t.Role, t.How)
}

const (
	roleFeature = "feature"
	roleContext = "context"
	roleLeftOut = "left out"
)

// leaveOut records a column that is not part of the density.
func (d *data) leaveOut(column, why string, otherwise ...table.Remedy) {
	d.columns = append(d.columns, Treatment{column, roleLeftOut, why, otherwise})
}

// treat records how the columns are treated, before those left out; noise is the
// recipe's.
func (d *data) treat(noise []float64) {
	var used []Treatment
	for i, c := range d.summary.Columns {
		t := Treatment{Column: c.Name, Role: roleFeature, How: string(columns.Continuous)}
		if i < len(d.kinds) {
			t.How = d.kinds[i]
		}
		switch {
		case i >= len(d.features) && isText(d.contextTexts, i-len(d.features)):
			group := d.contextTexts[slices.IndexFunc(d.contextTexts, func(g ContextTexts) bool { return g.has(i - len(d.features)) })]
			if group.First < i-len(d.features) { // said with its first level
				continue
			}
			t = Treatment{Column: group.Column, Role: roleContext, How: fmt.Sprintf("category of %d levels: %s", len(group.Levels), show.QuotedNames(group.Levels))}
		case i >= len(d.features):
			t.Role, t.How = roleContext, "as it is, without noise"
			if c.Whole || c.Step > 0 {
				t.How += fmt.Sprintf(" (%d values on steps of %.6g)", c.Distinct, c.Step)
			}
		case noise != nil && noise[i] > 0:
			grid := fmt.Sprintf("%d values in %d rows, all on steps of %.6g: uniform noise of one step is added", c.Distinct, c.N, c.Step)
			if t.How == string(columns.Continuous) {
				t.How = grid
			} else {
				t.How += "; " + grid
			}
		}
		used = append(used, t)
	}
	d.columns = append(used, d.columns...)
}

// noteTreatments reports the treatments, one line each, and only the first of a wide
// table.
func (d *data) noteTreatments(note func(table.Note)) {
	const most = 40
	for i, t := range d.columns {
		if i == most {
			note(table.NoteOf("… and %d columns more: the record of the model names them all", len(d.columns)-most))
			return
		}
		note(table.Note{Says: t.String(), Remedies: t.otherwise})
	}
}

// dropConstants removes the features that have the same value in all training rows, to
// which no density can be fitted, and returns the rows without them.
func (d *data) dropConstants(rows [][]float64) ([][]float64, error) {
	train := d.raw.Train
	var features, context []int
	one := map[int]float64{} // the only value
	for j := range train[0] {
		values := columnOf(train, j)
		if len(values) > 0 && slices.ContainsFunc(values, func(v float64) bool { return v != values[0] }) {
			continue
		}
		if one[j] = flow.Missing; len(values) > 0 {
			one[j] = values[0]
		}
		if j < len(d.features) {
			features = append(features, j)
		} else {
			context = append(context, j)
		}
	}
	names := func(at []int) (all []string) {
		for _, j := range at {
			all = append(all, d.summary.Columns[j].Name)
		}
		return all
	}
	switch {
	case len(context) > 0:
		return nil, table.InFile(d.name, wrong(OptionConditionOn, "%s: one value in all %d training rows: a density cannot depend on it: condition on other columns", show.QuotedNames(names(context)), len(train)))
	case len(features) == len(d.features):
		return nil, fmt.Errorf("%s: no column is left to fit a density to: %s: one value in all %d training rows", show.Path(d.name), show.QuotedNames(names(features)), len(train))
	case features == nil:
		return rows, nil
	}
	for _, j := range features {
		value := d.said(j, one[j])
		if one[j] != flow.Missing && len(columnOf(train, j)) < len(train) {
			value += ", or missing,"
		}
		why := fmt.Sprintf("%s in all %d training rows", value, len(train))
		others := 0
		for _, row := range rows {
			if row[j] != one[j] && row[j] != flow.Missing {
				others++
			}
		}
		if others > 0 {
			why += fmt.Sprintf(", another value in %d of the rest", others)
		}
		d.leaveOut(d.features[j], why)
		delete(d.levels, d.features[j])
	}
	text := fmt.Sprintf("column %s has one value in all %d training rows and is left out", show.QuotedNames(names(features)), len(train))
	if len(features) > 1 {
		text = fmt.Sprintf("columns %s have one value each in all %d training rows and are left out", show.QuotedNames(names(features)), len(train))
	}
	d.warn(table.NoteOf("%s: no density can be fitted to one value, and new rows with another are not noticed", text))
	d.features = without(d.features, features)
	d.summary.Columns = without(d.summary.Columns, features)
	for i, row := range d.aside {
		d.aside[i] = without(row, features)
	}
	kept := make([][]float64, len(rows))
	for i, row := range rows {
		kept[i] = without(row, features)
	}
	return kept, nil
}

// without returns a copy of a list without the elements at some indices, which ascend.
func without[T any](list []T, at []int) []T {
	kept := make([]T, 0, len(list)-len(at))
	for i, v := range list {
		if len(at) > 0 && at[0] == i {
			at = at[1:]
			continue
		}
		kept = append(kept, v)
	}
	return kept
}
