package tabular

import (
	"fmt"
	"strings"
)

// warn keeps a warning about the table of a fit, for the record.
func (d *data) warn(text string) { d.warnings = append(d.warnings, text) }

// warnOfRows gathers what a person should know of the rows before believing a density
// of them; noise is the recipe's.
func (d *data) warnOfRows(noise []float64) {
	for _, warning := range d.summary.Warnings() {
		if !strings.HasSuffix(warning, "(dequantised)") { // its treatment says so, and more
			d.warn(warning)
		}
	}
	names := namesOfSummary(d.summary)
	const most = 5 // of a kind
	dependent := findDependent(d.raw.Train, len(d.features))
	for i, f := range dependent {
		if i == most {
			d.warn(fmt.Sprintf("%d columns more are linear functions of others", len(dependent)-most))
			break
		}
		d.warn(f.warning(names, noise != nil && noise[f.column] > 0))
	}
}
