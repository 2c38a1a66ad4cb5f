package tabular

import (
	"fmt"
	"slices"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// mapColumns chooses the map of each feature by the rows that the fit may see, all but
// those for the test, and maps these; noise is the recipe's.
func (j *job) mapColumns(noise []float64) error {
	d := j.data
	for name := range j.Kinds {
		if !slices.Contains(d.features, name) {
			return table.InFile(d.source.File, wrong(OptionColumn, "there is no feature %s; there are: %s", show.Quoted(name), list(d.features)))
		}
	}
	var values []float64
	var each [][]float64 // feature's atoms
	for k, name := range d.features {
		values = values[:0]
		for _, rows := range [][][]float64{d.raw.Train, d.raw.Valid} {
			for _, row := range rows {
				values = append(values, row[k])
			}
		}
		step := 0.0
		if noise != nil {
			step = noise[k]
		}
		rest, atoms := values, []float64(nil)
		if j.mayHaveAtoms(name) {
			rest, atoms = findAtoms(values, step)
		}
		choice, err := columns.Choose(name, rest, step, j.Kinds[name])
		if err != nil {
			return table.InFile(d.source.File, fmt.Errorf("column %s: %w", show.Quoted(name), err))
		}
		d.maps, d.kinds = append(d.maps, choice.Column), append(d.kinds, choice.Why+sayAtoms(values, atoms))
		each = append(each, atoms)
	}
	if slices.ContainsFunc(each, func(atoms []float64) bool { return atoms != nil }) {
		d.atoms = each
	}
	return nil
}

// applyMaps sets the rows to train on, and what the maps add to their log-densities.
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
