package tabular

import (
	"fmt"
	"strings"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// warn keeps a warning about the table of a fit, for the record.
func (d *data) warn(n table.Note) { d.warnings = append(d.warnings, n) }

// warn tells of what may be wrong, and keeps it for the record.
func (j *job) warn(n table.Note) {
	j.record.Warnings = append(j.record.Warnings, n)
	j.Note(table.Note{Says: "warning: " + n.Says, Remedies: n.Remedies})
}

// warnOfRows gathers what a person should know of the rows before believing a density
// of them; noise is the recipe's.
func (d *data) warnOfRows(noise []float64) {
	for _, warning := range d.summary.Warnings() {
		if !strings.HasSuffix(warning.Says, "(dequantized)") && !d.isOfAtom(warning) { // its treatment says so, and more
			d.warn(warning)
		}
	}
	names := namesOfSummary(d.summary)
	const most = 5 // of a kind
	dependent := findDependent(d.raw.Train, len(d.features))
	dependent = append(dependent, findCurved(d.raw.Train, len(d.features), dependent)...)
	for i, f := range dependent {
		if i == most {
			d.warn(table.NoteOf("%d columns more are functions of others", len(dependent)-most))
			break
		}
		d.warn(f.warning(names, noise != nil && noise[f.column] > 0))
	}
}

// isOfAtom says whether a warning is of the spike that an atom would be in a density.
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
