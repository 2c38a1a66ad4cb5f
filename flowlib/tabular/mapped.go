package tabular

import (
	"fmt"
	"math"
	"slices"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// mapColumns chooses the map of each feature by the training and validation rows; noise
// is the recipe's.
func (j *job) mapColumns(noise []float64) error {
	d := j.data
	for name := range j.Kinds {
		if slices.ContainsFunc(d.contextTexts, func(t ContextTexts) bool { return t.Column == name }) {
			continue
		}
		if !slices.Contains(d.features, name) {
			leftOut := slices.ContainsFunc(d.columns, func(c Treatment) bool { return c.Column == name })
			if leftOut && j.Kinds[name] == columns.Category {
				return table.InFile(d.name, wrong(OptionColumn, "column %s is no category: none of its texts is in %d rows", show.Quoted(name), levelRows))
			}
			return table.InFile(d.name, wrong(OptionColumn, "there is no feature %s; there are: %s", show.Quoted(name), list(d.features)))
		}
	}
	steps := make([]float64, len(d.features))
	copy(steps, noise)
	found := make([][]float64, len(d.features)) // atoms
	for k, name := range d.features {
		if j.mayHaveAtoms(name) {
			found[k] = findAtoms(present(d.values(k)), steps[k])
		}
		if j.modelsMissing() && d.levels[name] == nil { // an empty text is a level
			found[k] = append([]float64{flow.Missing}, found[k]...)
		}
	}
	d.settleAtoms(found)
	for k, name := range d.features {
		if d.levels[name] != nil {
			d.maps, d.kinds = append(d.maps, columns.Column{Kind: columns.Continuous}), append(d.kinds, d.levelsSay[name])
			continue
		}
		values := d.values(k)
		rest, why := values, ""
		weights := joined(d.weights.train, d.weights.valid)
		if d.atoms != nil && len(d.atoms[k]) > 0 {
			rest, why = offAtoms(values, d.atoms[k]), sayAtoms(proportional(values, weights), d.atoms[k])
		}
		choice, err := chooseMap(name, rest, standIns(rest, values, weights), steps[k], j.Kinds[name])
		if err != nil {
			return table.InFile(d.name, fmt.Errorf("column %s: %w", show.Quoted(name), err))
		}
		d.maps, d.kinds = append(d.maps, choice.Column), append(d.kinds, choice.Why+why)
	}
	return nil
}

// standIns returns as many of the values that are in rest as their weights say, or rest if
// weights is nil.
func standIns(rest, values, weights []float64) []float64 {
	if weights == nil {
		return rest
	}
	in := map[float64]bool{}
	for _, v := range rest {
		in[v] = true
	}
	var kept, of []float64
	for i, v := range values {
		if in[v] {
			kept, of = append(kept, v), append(of, weights[i])
		}
	}
	return proportional(kept, of)
}

// chooseMap chooses a map by values that stand for all values in proportion to their weights.
// It chooses by all of them if some are outside the support of that map.
func chooseMap(name string, all, values []float64, step float64, kind columns.Kind) (columns.Choice, error) {
	choice, err := columns.Choose(name, values, step, kind)
	outside := func(v float64) bool {
		_, logDet := choice.Column.Forward(v)
		return math.IsInf(logDet, -1)
	}
	if err == nil && slices.ContainsFunc(all, outside) {
		return columns.Choose(name, all, step, kind)
	}
	return choice, err
}

// values returns a feature's values in the training and validation rows.
func (d *data) values(feature int) (all []float64) {
	for _, rows := range [][][]float64{d.raw.Train, d.raw.Valid} {
		for _, row := range rows {
			all = append(all, row[feature])
		}
	}
	return all
}

// applyMaps sets the mapped rows to train on, and the log-determinants of the maps.
func (d *data) applyMaps() {
	mapped := func(rows [][]float64) (y [][]float64, logDet []float64) {
		y, logDet = make([][]float64, len(rows)), make([]float64, len(rows))
		for i, row := range rows {
			y[i] = slices.Clone(row)
			logDet[i] = d.maps.Apply(y[i][:len(d.features)], row[:len(d.features)])
		}
		return y, logDet
	}
	d.mapped = dataset.Splits{}
	d.mapped.Train, d.trainLogDet = mapped(d.noisy.Train)
	d.mapped.Valid, d.validLogDet = mapped(d.noisy.Valid)
	d.far, _ = mapped(d.aside)
}
