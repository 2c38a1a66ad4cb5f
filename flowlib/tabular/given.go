package tabular

import (
	"context"
	"fmt"
	"slices"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/internal/show"
)

// givens are the categories that numbers are a density given of.
type givens struct {
	density *categories.Density
	at      []int       // of its columns among the categories
	maps    columns.Map // of all features
}

// trainGiven fits a density of the categories, and then one of the numbers, centred by the
// categories and given these.
func (j *job) trainGiven(ctx context.Context) error {
	d := j.data
	seen := d.raw.Train
	if j.chosenByTable() && j.foldable() {
		seen = slices.Concat(seen, d.raw.Valid)
	}
	features := d.categories()
	g := &givens{maps: d.maps}
	var held []float64
	g.density, g.at, held = d.fitCategories(features, seen)
	sub := *j
	sub.data = d.givenCategories(g, features, len(seen))
	j.because("the density is that of the categories (%s) times that of the numbers given them, of which their mean and spread by category are taken away first", show.Names(pick(d.features, features)))
	sub.record = j.record
	centred, _ := columnsOf(sub.data.mapped.Train, len(sub.data.features))
	var err error
	if sub.whitener, err = dataset.NewWhitener(centred[:len(d.raw.Train)]); err != nil {
		return fmt.Errorf("%s: the training rows: %w", show.Path(d.name), err)
	}
	sub.flow.Scaler = sub.whitener
	if sub.flow.Layers > 0 {
		sub.flow.Scaler = sub.whitener.ForFlow()
	}
	err = sub.trainNumbers(ctx)
	j.trained = sub.trained
	if err != nil {
		return err
	}
	j.saved, j.record = sub.saved, sub.record
	if sub.held == nil { // one flow, which judge scores
		return nil
	}
	j.record.ComparedOn = "the numbers given the categories"
	if j.record.Folds == 0 { // the validation rows, which the categories were not fitted to
		held = nil
		for _, row := range codesOf(d.raw.Valid, features) {
			held = append(held, g.density.LogProb(categories.Ordered(row, g.at)))
		}
	}
	for i := range held[:len(sub.held)] {
		held[i] += sub.held[i]
	}
	j.held = held
	j.record.Valid, err = newNLL(held, nil, len(d.features))
	return err
}

// fitCategories is [categories.Fit] to the categories, which are these features, of rows.
func (d *data) fitCategories(features []int, rows [][]float64) (density *categories.Density, at []int, held []float64) {
	var levels [][]string
	for _, k := range features {
		levels = append(levels, d.levels[d.features[k]])
	}
	return categories.Fit(features, levels, codesOf(rows, features))
}

// categoriesOfAll is the density of the categories of all rows that are fitted to; nil if
// there are none.
func (d *data) categoriesOfAll() *categories.Density {
	features := d.categories()
	if len(features) == 0 {
		return nil
	}
	density, _, _ := d.fitCategories(features, slices.Concat(d.raw.Train, d.raw.Valid))
	return density
}

// givenPoint adds the categories of a pattern without numbers, whose validation rows have
// the log-density logProb but for these.
func (d *data) givenPoint(a *flow.Atoms, p *pattern, logProb []float64) (held []float64) {
	sub := d.restrict(a, p)
	density, _, each := sub.fitCategories(sub.categories(), slices.Concat(sub.raw.Train, sub.raw.Valid))
	a.Given = append(a.Given, flow.Given{At: p.at, Categories: density})
	for i, lp := range logProb {
		held = append(held, lp+each[len(p.train)+i])
	}
	return held
}

// codesOf are those of rows at some features.
func codesOf(rows [][]float64, features []int) (codes [][]int) {
	for _, row := range rows {
		of := make([]int, len(features))
		for j, k := range features {
			of[j] = int(row[k])
		}
		codes = append(codes, of)
	}
	return codes
}

// givenCategories is the data of the numbers, with the categories as columns of context, of which
// the first seen rows center the numbers.
func (d *data) givenCategories(g *givens, features []int, seen int) *data {
	numbers := d.numbers()
	sub := &data{source: d.source, features: pick(d.features, numbers), maps: pick(d.maps, numbers), of: g}
	sub.summary = d.summary
	sub.summary.Columns = pick(d.summary.Columns, numbers)
	for _, c := range g.density.Columns {
		for _, level := range c.Levels {
			sub.context = append(sub.context, d.features[c.Feature]+"="+level)
		}
	}
	codes := func(rows [][]float64) (all [][]int) {
		for _, row := range codesOf(rows, features) {
			all = append(all, categories.Ordered(row, g.at))
		}
		return all
	}
	trainCodes, validCodes := codes(d.raw.Train), codes(d.raw.Valid)
	y := only(slices.Concat(d.mapped.Train[:len(d.raw.Train)], d.mapped.Valid[:len(d.raw.Valid)])[:seen], numbers)
	farther := g.density.Center(slices.Concat(trainCodes, validCodes)[:seen], y)
	row := func(values []float64, of []int) []float64 {
		all := append(pick(values, numbers), make([]float64, g.density.Width())...)
		g.density.Encode(all[len(numbers):], of)
		return all
	}
	// center is of rows whose copies follow; times are theirs, [n, D], or none.
	center := func(mapped [][]float64, logDet []float64, codes [][]int, times [][]float64) (y [][]float64, logDets []float64) {
		for i, values := range mapped {
			of := codes[i%len(codes)]
			all := row(values, of)
			logDets = append(logDets, logDet[i]+g.density.Apply(all[:len(numbers)], of))
			if times != nil {
				for k, more := range times[i%len(codes)] {
					all[k] *= more
				}
			}
			y = append(y, all)
		}
		return y, logDets
	}
	timesValid := farther[len(d.raw.Train):]
	if len(timesValid) == 0 {
		timesValid = nil
	}
	sub.mapped.Train, sub.trainLogDet = center(d.mapped.Train, d.trainLogDet, trainCodes, farther[:len(d.raw.Train)])
	sub.mapped.Valid, sub.validLogDet = center(d.mapped.Valid, d.validLogDet, validCodes, timesValid)
	sub.far, _ = center(d.far, make([]float64, len(d.far)), codes(d.aside), nil)
	for i, values := range d.raw.Train {
		sub.raw.Train = append(sub.raw.Train, row(values, trainCodes[i]))
	}
	for i, values := range d.raw.Valid {
		sub.raw.Valid = append(sub.raw.Valid, row(values, validCodes[i]))
	}
	sub.raw.Test = d.raw.Test // it says only that there is one
	return sub
}

// mixtureOf is that of members, of the numbers given the categories where there are some.
func (j *job) mixtureOf(members []flow.Member) (*flow.Mixture, error) {
	if g := j.data.of; g != nil {
		return flow.NewCategorical(g.maps, g.density, members)
	}
	return flow.NewMixture(j.data.maps, members)
}

// alone are rows without the categories that they are given.
func (d *data) alone(rows [][]float64) [][]float64 {
	if d.of == nil {
		return rows
	}
	features, _ := columnsOf(rows, len(d.features))
	return features
}

// rowsFor are rows as members take them: with the categories if they have a context.
func (d *data) rowsFor(members []flow.Member, rows [][]float64) [][]float64 {
	if members[0].Context() > 0 {
		return rows
	}
	return d.alone(rows)
}
