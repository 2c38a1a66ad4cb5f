package tabular

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
)

// stackPatterns fits a density to each frequent pattern of atoms, and independent columns
// to all other rows.
func (j *job) stackPatterns(ctx context.Context) error {
	d := j.data
	a := &flow.Atoms{Values: d.atoms}
	all := d.patterns(a)
	marginals, err := j.marginals(all)
	if err != nil {
		return err
	}
	own, rare, rareRows, n := 0, 0.0, 0, 0.0
	for _, p := range all {
		n += p.mass
		if p.rare() && !p.marginal {
			rare += p.mass
			rareRows += p.rows()
		} else {
			own++
		}
	}
	share := func(mass float64) float64 { return (mass + 0.5) / (n + 0.5*float64(own+1)) }
	a.Rest = d.rest(a, all)
	a.Rest.Weight = share(rare)
	var members []flow.Member
	var held, weights []float64 // log-densities of rows that were not trained on, and their weights
	first := true
	for k, p := range all {
		weight := share(p.mass)
		if len(p.numbers) == 0 {
			a.Points = append(a.Points, flow.Point{Weight: weight, At: p.at})
			of := slices.Repeat([]float64{math.Log(weight)}, len(p.valid))
			if len(d.levels) > 0 {
				of = d.givenPoint(a, p, of)
			}
			held, weights = append(held, of...), joined(weights, pickWeights(d.weights.valid, p.valid))
			continue
		}
		if p.marginal {
			for _, m := range marginals(p) {
				members = append(members, flow.Member{Weight: weight * m.Weight, Saved: m.Saved, At: p.at})
			}
		}
		if !p.own {
			continue
		}
		sub, err := j.stackPattern(ctx, a, p, k < flowPatterns && len(p.train) >= flowRows)
		if err != nil {
			return err
		}
		if sub.saved.Categories != nil {
			a.Given = append(a.Given, flow.Given{At: p.at, Categories: sub.saved.Categories})
		}
		for _, m := range sub.saved.Members {
			members = append(members, flow.Member{Weight: weight * m.Weight, Saved: m.Saved, At: p.at})
		}
		for _, lp := range sub.held {
			held = append(held, lp+math.Log(weight))
		}
		weights = joined(weights, sub.heldWeights)
		if first {
			first = false
			j.record.Compared, j.record.Folds = sub.record.Compared, sub.record.Folds
			j.record.ComparedOn = "rows where " + d.describe(a, p.at)
			if !sub.simpleOnly {
				j.record.Result, j.record.Fit = sub.record.Result, sub.record.Fit
			}
		}
	}
	if len(members) == 0 {
		return j.noPattern()
	}
	if j.saved, err = flow.NewAtomic(d.maps, *a, d.categoriesOfAll(), members); err != nil {
		return err
	}
	if rareRows > 0 {
		j.because("%d rows whose exact values come together in fewer than %d training rows have a density of independent columns", rareRows, patternRows)
	}
	if slices.ContainsFunc(all, (*pattern).rare) {
		lp, of, err := j.scoreRare(all)
		if err != nil {
			return err
		}
		held, weights = append(held, lp...), joined(weights, of)
	}
	nll, err := newNLL(held, weights, len(d.features))
	if err != nil {
		return fmt.Errorf("the rows held out: %w", err)
	}
	j.record.Valid = nll
	return nil
}

// stackPattern fits the density of one pattern.
func (j *job) stackPattern(ctx context.Context, a *flow.Atoms, p *pattern, flows bool) (*job, error) {
	sub := *j
	sub.data = j.data.restrict(a, p)
	sub.simpleOnly = !flows
	sub.whole = !j.foldable()
	what := j.data.describe(a, p.at)
	sub.record = Record{Split: Split{j.splitSeed(), len(p.train), len(p.valid), 0}, Fit: j.fit}
	r, err := sub.choose()
	if err != nil {
		return nil, err
	}
	engine := j.fit.Engine
	sub.flow, sub.fit = r.Flow, r.Fit
	sub.flow.Seed, sub.fit.Seed, sub.fit.Engine = j.Seed, j.Seed, engine
	if j.LearningRate > 0 {
		sub.fit.LearningRate = j.LearningRate
	}
	j.Note(table.NoteOf("rows where %s: %d of %d", what, p.rows(), len(j.data.raw.Train)+len(j.data.raw.Valid)))
	err = sub.trainRows(ctx)
	j.trained = sub.trained
	j.record.Warnings = append(j.record.Warnings, sub.record.Warnings...)
	for _, reason := range sub.record.Reasons {
		j.record.Reasons = append(j.record.Reasons, fmt.Sprintf("rows where %s: %s", what, reason))
	}
	return &sub, err
}

// scoreRare returns the log-densities of the validation rows of rare patterns, of which
// the fit has used little more than means.
func (j *job) scoreRare(all []*pattern) (logProb, weights []float64, err error) {
	var rows [][]float64
	for _, p := range all {
		if p.rare() {
			rows = append(rows, pick(j.data.noisy.Valid, p.valid)...)
			weights = joined(weights, pickWeights(j.data.weights.valid, p.valid))
		}
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	e, err := j.saved.Engine(openFast)
	if err != nil {
		return nil, nil, err
	}
	logProb, err = density.LogProb(e, rows)
	return logProb, weights, err
}

// rest returns the density of independent columns: the shares of atoms among the rows of
// rare patterns, smoothed by one row distributed as all rows, and the mean and standard
// deviation of each column off its atoms, over all rows.
func (d *data) rest(a *flow.Atoms, all []*pattern) (r flow.Rest) {
	for k, values := range a.Values {
		if d.levels[d.features[k]] != nil {
			r.Shares, r.Mean, r.Std = append(r.Shares, []float64{1}), append(r.Mean, 0), append(r.Std, 1)
			continue
		}
		everywhere, rare := make([]float64, 1+len(values)), make([]float64, 1+len(values))
		total, of := 0.0, 0.0
		for i := range everywhere {
			everywhere[i] = 0.5
			total += 0.5
		}
		for _, p := range all {
			everywhere[p.at[k]] += p.mass
			total += p.mass
			if p.rare() && !p.marginal {
				rare[p.at[k]] += p.mass
				of += p.mass
			}
		}
		shares := make([]float64, len(rare))
		for i := range shares {
			shares[i] = (rare[i] + everywhere[i]/total) / (of + 1)
		}
		var y, w []float64
		weights := joined(d.weights.train, d.weights.valid)
		for i, row := range slices.Concat(d.noisy.Train[:len(d.raw.Train)], d.noisy.Valid[:len(d.raw.Valid)]) {
			if slices.Contains(values, row[k]) {
				continue
			}
			if v, logDet := d.maps[k].Forward(row[k]); !math.IsInf(logDet, -1) {
				if y = append(y, v); weights != nil {
					w = append(w, weights[i]*d.perWeight())
				}
			}
		}
		mean, std := stat.MeanStdDev(y, w)
		if !(std > 0) || math.IsInf(std, 0) || math.IsInf(mean, 0) { // the rest has one value
			mean, std = y[0], max(1, math.Abs(y[0]))
		}
		r.Shares, r.Mean, r.Std = append(r.Shares, shares), append(r.Mean, mean), append(r.Std, std)
	}
	return r
}
