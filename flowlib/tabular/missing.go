package tabular

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/flowlib/gmm"
	"normflow/flowlib/table"
)

// A cell that is missing is [flow.Missing] in the rows of a fit, an atom of each feature:
// the density says how likely it is that a cell is missing, and what the others are then.

// modelsMissing reports whether missing cells are part of the density.
func (c FitConfig) modelsMissing() bool { return c.Read.Missing == table.MissingKeep }

// checkMissing refuses missing cells that the density cannot have.
func (c FitConfig) checkMissing() error {
	if !c.modelsMissing() {
		return nil
	}
	e := wrong(table.OptionMissing, "a model of missing values is chosen by the program and has no columns of context")
	switch {
	case c.Model != "":
		e.Remedies = []table.Remedy{{Do: "do not name a model", Option: OptionModel}}
	case c.Layers > 0:
		e.Remedies = []table.Remedy{{Do: "do not set the layers", Option: OptionLayers}}
	case len(c.ConditionOn) > 0:
		e.Remedies = []table.Remedy{{Do: "condition on none", Option: OptionConditionOn}}
	default:
		return nil
	}
	e.Remedies = append(e.Remedies, table.Remedy{Do: "leave the rows out", Option: table.OptionMissing, Values: []string{"drop"}})
	return e
}

// markMissing replaces NaN by the atom, in place, and reports whether there was any.
func markMissing(rows [][]float64) (any bool) {
	for _, row := range rows {
		for j, v := range row {
			if math.IsNaN(v) {
				row[j], any = flow.Missing, true
			}
		}
	}
	return any
}

// present returns the values that are not missing.
func present(values []float64) []float64 {
	missing := func(v float64) bool { return v == flow.Missing || math.IsNaN(v) }
	if !slices.ContainsFunc(values, missing) {
		return values
	}
	return slices.DeleteFunc(slices.Clone(values), missing)
}

// isComplete reports whether a row misses no value.
func isComplete(row []float64) bool { return !slices.Contains(row, flow.Missing) }

// complete returns the rows that miss no value.
func complete(rows [][]float64) [][]float64 {
	if !slices.ContainsFunc(rows, func(row []float64) bool { return !isComplete(row) }) {
		return rows
	}
	return slices.DeleteFunc(slices.Clone(rows), func(row []float64) bool { return !isComplete(row) })
}

// knowsMissing reports whether missing cells are part of the density of a model.
func (m *Model) knowsMissing() bool { return m.Saved != nil && m.Saved.Atoms.Missing() }

// readMissing returns what to do with rows that miss a value: keep them if the model knows
// such rows and nothing else is asked for.
func (m *Model) readMissing(asked table.Missing) (table.Missing, error) {
	switch {
	case asked == table.MissingError && m.knowsMissing():
		return table.MissingKeep, nil
	case asked == table.MissingKeep && !m.knowsMissing():
		e := wrong(table.OptionMissing, "the model knows no missing values")
		e.Remedies = []table.Remedy{{Do: "fit one that does"}, {Do: "leave the rows out", Option: table.OptionMissing, Values: []string{"drop"}}}
		return asked, e
	}
	return asked, nil
}

// columnOf returns the values of a column that are not missing.
func columnOf(rows [][]float64, column int) []float64 {
	values := make([]float64, len(rows))
	for i, row := range rows {
		values[i] = row[column]
	}
	return present(values)
}

// typicalOf returns normal values of each feature.
func typicalOf(rows [][]float64, features int) [][]float64 {
	all := make([][]float64, features)
	for k := range all {
		var column [][]float64
		for _, v := range columnOf(rows, k) {
			column = append(column, []float64{v})
		}
		all[k] = anomaly.Candidates(column, 1, typicalValues(features))[0]
	}
	return all
}

// noPattern returns the error for a table without enough rows that miss the same values.
func (j *job) noPattern() error {
	return table.InFile(j.data.name, &table.Error{
		Option: table.OptionMissing, Problem: fmt.Sprintf("no %d training rows miss the same values, or none", patternRows),
		Remedies: []table.Remedy{{Do: "leave columns out that often miss a value", Option: table.OptionExclude}, {Do: "fill the values in"}},
	})
}

// maxMarginals is how many members the marginals of rare patterns may be.
const maxMarginals = 150

// marginals marks the rare patterns of missing values that get a marginal of a mixture of
// Gaussians of the complete rows, which is their density if values are missing at random,
// and returns the function that makes it.
func (j *job) marginals(all []*pattern) (func(p *pattern) []flow.Member, error) {
	d := j.data
	whole := slices.IndexFunc(all, func(p *pattern) bool { return len(p.free) == len(d.features) && p.own })
	if !j.modelsMissing() || whole < 0 || len(d.levels) > 0 {
		return nil, nil
	}
	isMissing := func(p *pattern) bool {
		for k, atom := range p.at {
			if atom > 0 && d.atoms[k][atom-1] != flow.Missing {
				return false
			}
		}
		return true
	}
	if !slices.ContainsFunc(all, func(p *pattern) bool { return p.rare() && isMissing(p) }) {
		return nil, nil
	}
	sub := *j
	sub.data = d.restrict(&flow.Atoms{Values: d.atoms}, all[whole])
	rows := slices.Concat(sub.data.mapped.Train[:len(sub.data.raw.Train)], sub.data.mapped.Valid[:len(sub.data.raw.Valid)])
	mixture, err := gmm.Choose(rows, joined(sub.data.weights.train, sub.data.weights.valid), j.Seed)
	if err != nil {
		return nil, err
	}
	made := map[*pattern][]flow.Member{}
	for _, p := range all {
		if !p.rare() || !isMissing(p) || (len(made)+1)*len(mixture.Components) > maxMarginals {
			continue
		}
		sub.data = &data{features: pick(d.features, p.free)}
		for _, c := range mixture.Components {
			m, err := sub.member(c.Weight, flow.Gaussian(len(p.free)), marginal(c.Scaler, p.free))
			if err != nil {
				return nil, err
			}
			made[p] = append(made[p], m)
		}
		p.marginal = true
	}
	j.because("rows that miss other values than many rows do have the marginal of a mixture of Gaussians")
	return func(p *pattern) []flow.Member { return made[p] }, nil
}

// marginal returns the scaler of the Gaussian of some columns of one of more.
func marginal(s *dataset.Standardizer, columns []int) *dataset.Standardizer {
	of := &dataset.Standardizer{Mean: pick(s.Mean, columns)}
	row := func(k int) []float64 { // of Std·L
		if s.Factor == nil {
			return slices.Concat(make([]float64, k), []float64{s.Std[k]})
		}
		scaled := slices.Clone(s.Factor[k])
		floats.Scale(s.Std[k], scaled)
		return scaled
	}
	covariance := mat.NewSymDense(len(columns), nil)
	for a, i := range columns {
		for b := range a + 1 {
			x, y := row(i), row(columns[b])
			n := min(len(x), len(y))
			covariance.SetSym(a, b, floats.Dot(x[:n], y[:n]))
		}
		of.Std = append(of.Std, math.Sqrt(covariance.At(a, a)))
	}
	for a := range columns {
		for b := range a + 1 {
			covariance.SetSym(a, b, covariance.At(a, b)/(of.Std[a]*of.Std[b]))
		}
	}
	var cholesky mat.Cholesky
	if len(columns) == 1 || !cholesky.Factorize(covariance) { // as it was positive definite, so is its part
		return of
	}
	var lower mat.TriDense
	cholesky.LTo(&lower)
	for i := range columns {
		of.Factor = append(of.Factor, mat.Row(nil, i, &lower)[:i+1])
	}
	return of
}
