package tabular

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// dependence is a feature that is a function of other columns. A density has no bound on
// the surface where such rows lie, so the fit would learn how values were rounded.
type dependence struct {
	column int   // in rows [D+C]
	on     []int // the columns it depends on
	rest   float64
	curved bool // the function is not linear
}

const (
	// dependentRest is the largest standard deviation, relative to the column's own, of
	// what the other columns leave of it that counts as nothing, such as rounding to
	// cents.
	dependentRest = 1e-3
	exactRest     = 1e-6  // less is float32 rounding
	dependentRows = 20000 // rows looked at, at most; at least 4 per column are needed
)

// findDependent orthogonalizes the standardized columns of rows, [n, D+C], one after the
// other, context first. A column of which less than dependentRest is left is a function
// of those before it. Context may depend on itself: it has no density.
//
// Each column is orthogonalized twice ("twice is enough": Giraud et al. 2005,
// https://doi.org/10.1007/s00211-005-0615-4), so that the rest is exact to float64
// rounding.
func findDependent(rows [][]float64, features int) (all []dependence) {
	if len(rows) < 2 {
		return nil
	}
	width := len(rows[0])
	rows = rows[:min(len(rows), max(dependentRows, 4*width))]
	type direction struct {
		column int
		unit   []float64
		made   []float64 // its coefficients on the standardized columns
	}
	var basis []direction
	for k := range width {
		j := (k + features) % width // context first
		v := standardized(rows, j)
		if v == nil || len(basis) >= len(rows)-1 {
			continue
		}
		whole := floats.Norm(v, 2)
		made := make([]float64, width) // v = rest + Σ made·column
		for range 2 {
			for _, b := range basis {
				along := floats.Dot(b.unit, v)
				floats.AddScaled(v, -along, b.unit)
				floats.AddScaled(made, along, b.made)
			}
		}
		rest := floats.Norm(v, 2)
		if rest > dependentRest*whole {
			// unit = (column - Σ made·columns)/rest
			floats.Scale(1/rest, v)
			floats.Scale(-1/rest, made)
			made[j] = 1 / rest
			basis = append(basis, direction{j, v, made})
			continue
		}
		if j >= features {
			continue
		}
		d := dependence{column: j, rest: rest / whole}
		for i, weight := range made {
			if math.Abs(weight) > 1e-3 { // in standard deviations
				d.on = append(d.on, i)
			}
		}
		all = append(all, d)
	}
	return all
}

// standardized returns a column scaled to mean 0 and standard deviation 1, nil if it is
// constant.
func standardized(rows [][]float64, j int) []float64 {
	v := make([]float64, len(rows))
	for i, row := range rows {
		v[i] = row[j]
	}
	mean, std := stat.MeanStdDev(v, nil)
	if !(std > 0) || math.IsInf(std, 0) {
		return nil
	}
	for i := range v {
		v[i] = (v[i] - mean) / std
	}
	return v
}

// warning says which columns the feature depends on; noisy says whether noise is added to
// it.
func (d dependence) warning(names []string, noisy bool) table.Note {
	var on []string
	for _, i := range d.on {
		on = append(on, names[i])
	}
	what := "a linear function of " + show.QuotedNames(on)
	switch {
	case d.curved:
		what = "a function of " + show.QuotedNames(on)
	case len(on) == 1:
		what = "the same as " + show.Quoted(on[0]) + " but for its unit"
	}
	harm := "the density has no bound, and its NLL means nothing"
	switch {
	case noisy:
		harm = "all that is left to fit there is the noise that is added"
	case d.rest > exactRest:
		what += fmt.Sprintf(", to within %.1g of its spread", d.rest)
		harm = "all that is left to fit there is how it was rounded, and the NLL measures that"
	}
	n := table.NoteOf("column %s is %s: %s", show.Quoted(names[d.column]), what, harm)
	n.Remedies = []table.Remedy{{Do: "leave one of them out", Option: table.OptionExclude, Values: []string{names[d.column]}}}
	return n
}
