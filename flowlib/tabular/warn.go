package tabular

import (
	"fmt"
	"slices"
	"strings"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// warn stores a warning about the table for the record.
func (d *data) warn(n table.Note) { d.warnings = append(d.warnings, n) }

// warn reports a warning and stores it in the record.
func (j *job) warn(n table.Note) {
	j.record.Warnings = append(j.record.Warnings, n)
	j.Note(table.Note{Says: "warning: " + n.Says, Remedies: n.Remedies})
}

// warnOfRows collects what the user should know about the rows before trusting a density
// of them; noise is the recipe's. If the user has named a model, another treatment is
// possible.
func (d *data) warnOfRows(noise []float64, named bool) {
	own := d.summary // but for the context, to which no density is fitted, and for categories
	own.Columns = slices.DeleteFunc(slices.Clone(own.Columns[:len(d.features)]), func(c table.ColumnSummary) bool { return d.levels[c.Name] != nil })
	for _, warning := range own.Warnings() {
		if strings.HasSuffix(warning.Says, "(dequantized)") || d.isOfAtom(warning) { // the column's treatment says more
			continue
		}
		if named && strings.Contains(warning.Says, "a density has a spike there") {
			warning.Remedies = []table.Remedy{{Do: "to give such values a probability of their own, choose neither model nor layers", Option: OptionModel}}
		}
		d.warn(warning)
	}
	names, rows, features := namesOfSummary(d.summary), d.raw.Train, len(d.features)
	if len(d.levels) > 0 {
		at := d.numbers()
		names, rows, features = pick(names, at), only(rows, at), len(at)
	}
	const most = 5 // of a kind
	rows = complete(rows)
	dependent := findDependent(rows, features)
	dependent = append(dependent, findCurved(rows, features, dependent)...)
	dependent = append(dependent, findProducts(rows, features, dependent)...)
	for i, f := range dependent {
		if i == most {
			d.warn(table.NoteOf("%d columns more are functions of others", len(dependent)-most))
			break
		}
		d.warn(f.warning(names, noise != nil && noise[f.column] > 0))
	}
}

// isOfAtom reports whether a warning is about a spike that is treated as an atom.
func (d *data) isOfAtom(n table.Note) bool {
	for k, atoms := range d.atoms {
		for _, v := range atoms {
			if strings.HasPrefix(n.Says, fmt.Sprintf("column %s is %g in ", show.Quoted(d.features[k]), v)) {
				return true
			}
		}
	}
	return false
}
