package tabular

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

const (
	atomShare = 0.02 // of the rows with one value, at least, to make it an atom …
	atomRows  = 10   // … and how many
	maxAtoms  = 3    // of a column: more are levels, and no atoms
	leastOff  = 60   // rows at no atom, to have a density at all

	patternRows  = 60  // for training, of a pattern of atoms with a density of its own
	patternValid = 5   // for validation
	maxPatterns  = 6   // the most frequent ones
	flowRows     = 300 // of a pattern that flows are fitted to
	flowPatterns = 3   // the most frequent ones
)

// findAtoms parts the values of a column that are no atoms from the atoms, in order: one
// that lies on a grid, of the given step, has none.
func findAtoms(values []float64, step float64) (rest, atoms []float64) {
	if step > 0 {
		return values, nil
	}
	count := map[float64]int{}
	for _, v := range values {
		count[v]++
	}
	for v, n := range count {
		if n >= atomRows && float64(n) >= atomShare*float64(len(values)) {
			atoms = append(atoms, v+0) // no -0
		}
	}
	slices.Sort(atoms)
	for _, v := range values {
		if !slices.Contains(atoms, v) {
			rest = append(rest, v)
		}
	}
	if len(atoms) == 0 || len(atoms) > maxAtoms || len(rest) < leastOff {
		return values, nil
	}
	return rest, atoms
}

// sayAtoms says which share of the values each atom has.
func sayAtoms(values, atoms []float64) string {
	text := ""
	for _, a := range atoms {
		n := 0
		for _, v := range values {
			if v == a {
				n++
			}
		}
		text += fmt.Sprintf("; exactly %.6g in %.1f %% of the rows", a, 100*float64(n)/float64(len(values)))
	}
	return text
}

// mayHaveAtoms says whether a feature is looked through for them: not where the user
// says what to fit, which is one flow, or that the feature is continuous.
func (j *job) mayHaveAtoms(name string) bool {
	return j.chosenByTable() && len(j.data.context) == 0 && j.Kinds[name] != columns.Continuous
}

// pattern is the rows that are at the same atoms, see [flow.Atoms].
type pattern struct {
	at           []int
	free         []int // features at no atom
	train, valid []int // places of the rows
	own          bool  // enough rows for a density of its own
}

func (p *pattern) rows() int { return len(p.train) + len(p.valid) }

// patterns are those of the rows that the fit may see, the most frequent first.
func (d *data) patterns(a *flow.Atoms) (all []*pattern) {
	byAt := map[string]*pattern{}
	of := func(row []float64) *pattern {
		at := a.PatternOf(row[:len(d.features)])
		key := fmt.Sprint(at)
		if byAt[key] == nil {
			p := &pattern{at: at}
			for k, atom := range at {
				if atom == 0 {
					p.free = append(p.free, k)
				}
			}
			byAt[key] = p
			all = append(all, p)
		}
		return byAt[key]
	}
	for i, row := range d.raw.Train {
		p := of(row)
		p.train = append(p.train, i)
	}
	for i, row := range d.raw.Valid {
		p := of(row)
		p.valid = append(p.valid, i)
	}
	slices.SortStableFunc(all, func(a, b *pattern) int { return cmp.Compare(b.rows(), a.rows()) })
	for k, p := range all {
		p.own = k < maxPatterns && len(p.train) >= patternRows && len(p.valid) >= patternValid &&
			vary(only(pick(d.raw.Train, p.train), p.free), len(p.free))
	}
	return all
}

func pick[T any](from []T, places []int) (all []T) {
	for _, i := range places {
		all = append(all, from[i])
	}
	return all
}

// only keeps some columns of rows.
func only(rows [][]float64, columns []int) (all [][]float64) {
	for _, row := range rows {
		all = append(all, pick(row, columns))
	}
	return all
}

// copied are the places of rows with their copies, which lie n apart.
func copied(places []int, n, all int) (with []int) {
	for first := 0; first < all; first += n {
		for _, i := range places {
			with = append(with, first+i)
		}
	}
	return with
}

// restrict is the data of one pattern, without the columns at atoms.
func (d *data) restrict(a *flow.Atoms, p *pattern) *data {
	sub := &data{source: d.source, features: pick(d.features, p.free), maps: pick(d.maps, p.free)}
	sub.summary = d.summary
	sub.summary.Columns = pick(d.summary.Columns, p.free)
	part := func(raw, noisy [][]float64, places []int) (r, n [][]float64) {
		return only(pick(raw, places), p.free), only(pick(noisy, copied(places, len(raw), len(noisy))), p.free)
	}
	sub.raw, sub.noisy = dataset.Splits{Test: d.raw.Test}, dataset.Splits{} // the test says only that there is one
	sub.raw.Train, sub.noisy.Train = part(d.raw.Train, d.noisy.Train, p.train)
	sub.raw.Valid, sub.noisy.Valid = part(d.raw.Valid, d.noisy.Valid, p.valid)
	for _, row := range d.aside {
		if slices.Equal(a.PatternOf(row[:len(d.features)]), p.at) {
			sub.aside = append(sub.aside, pick(row, p.free))
		}
	}
	sub.applyMaps()
	return sub
}

// describe says in words which rows have a pattern.
func (d *data) describe(a *flow.Atoms, at []int) string {
	var all []string
	for k, atom := range at {
		switch {
		case atom > 0:
			all = append(all, fmt.Sprintf("%s is %.6g", show.Name(d.features[k]), a.Values[k][atom-1]))
		case len(a.Values[k]) > 0:
			all = append(all, fmt.Sprintf("%s is no such value", show.Name(d.features[k])))
		}
	}
	return strings.Join(all, ", ")
}

// stackPatterns fits a density of its own to each frequent pattern of atoms, and
// independent columns to what all other rows have.
func (j *job) stackPatterns(ctx context.Context) error {
	d := j.data
	a := &flow.Atoms{Values: d.atoms}
	all := d.patterns(a)
	n := float64(len(d.raw.Train) + len(d.raw.Valid))
	own, rare := 0, 0
	for _, p := range all {
		if p.own || len(p.free) == 0 {
			own++
		} else {
			rare += p.rows()
		}
	}
	share := func(rows int) float64 { return (float64(rows) + 0.5) / (n + 0.5*float64(own+1)) }
	a.Rest = d.rest(a, all)
	a.Rest.Weight = share(rare)
	var members []flow.Member
	var held []float64 // log-densities of rows that were not trained on
	first := true
	for k, p := range all {
		weight := share(p.rows())
		if len(p.free) == 0 {
			a.Points = append(a.Points, flow.Point{Weight: weight, At: p.at})
			held = append(held, slices.Repeat([]float64{math.Log(weight)}, len(p.valid))...)
			continue
		}
		if !p.own {
			continue
		}
		sub, err := j.stackPattern(ctx, a, p, k < flowPatterns && len(p.train) >= flowRows)
		if err != nil {
			return err
		}
		for _, m := range sub.saved.Members {
			members = append(members, flow.Member{Weight: weight * m.Weight, Saved: m.Saved, At: p.at})
		}
		for _, lp := range sub.held {
			held = append(held, lp+math.Log(weight))
		}
		if first {
			first = false
			j.record.Compared, j.record.Folds = sub.record.Compared, sub.record.Folds
			if !sub.simpleOnly {
				j.record.Result, j.record.Fit = sub.record.Result, sub.record.Fit
			}
		}
	}
	if len(members) == 0 {
		return fmt.Errorf("%s: no %d training rows are at the same atoms: fit with --column NAME:continuous", show.Path(d.source.File), patternRows)
	}
	var err error
	if j.saved, err = flow.NewAtomic(d.maps, *a, members); err != nil {
		return err
	}
	if rare > 0 {
		j.because("%d rows whose exact values come together in fewer than %d training rows have a density of independent columns", rare, patternRows)
		lp, err := j.scoreRare(all)
		if err != nil {
			return err
		}
		held = append(held, lp...)
	}
	nll, err := newNLL(held, len(d.features))
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
	sub.record = Record{Split: Split{j.Seed, len(p.train), len(p.valid), 0}, Fit: j.fit}
	r, err := newRecipe(ask{summary: sub.data.summary, features: len(p.free), rows: len(p.train), steps: j.Steps})
	if err != nil {
		return nil, err
	}
	engine := j.fit.Engine
	sub.flow, sub.fit = r.Flow, r.Fit
	sub.flow.Seed, sub.fit.Seed, sub.fit.Engine = j.Seed, j.Seed, engine
	j.Note(table.NoteOf("rows where %s: %d of %d", what, p.rows(), len(j.data.raw.Train)+len(j.data.raw.Valid)))
	err = sub.stack(ctx)
	j.trained = sub.trained
	j.record.Warnings = append(j.record.Warnings, sub.record.Warnings...)
	for _, reason := range sub.record.Reasons {
		j.record.Reasons = append(j.record.Reasons, fmt.Sprintf("rows where %s: %s", what, reason))
	}
	return &sub, err
}

// scoreRare are the log-densities of the validation rows of rare patterns, of which the
// fit has taken little more than means.
func (j *job) scoreRare(all []*pattern) ([]float64, error) {
	var rows [][]float64
	for _, p := range all {
		if !p.own && len(p.free) > 0 {
			rows = append(rows, pick(j.data.noisy.Valid, p.valid)...)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	e, err := j.saved.Engine(openFast)
	if err != nil {
		return nil, err
	}
	return density.LogProb(e, rows)
}

// rest is the density of independent columns: the shares of atoms among the rows of rare
// patterns and one row more that is like all, and the mean and deviation of what is at
// no atom in all rows.
func (d *data) rest(a *flow.Atoms, all []*pattern) (r flow.Rest) {
	for k, values := range a.Values {
		everywhere, rare := make([]float64, 1+len(values)), make([]float64, 1+len(values))
		total, of := 0.0, 0.0
		for i := range everywhere {
			everywhere[i] = 0.5
			total += 0.5
		}
		for _, p := range all {
			everywhere[p.at[k]] += float64(p.rows())
			total += float64(p.rows())
			if !p.own && len(p.free) > 0 {
				rare[p.at[k]] += float64(p.rows())
				of += float64(p.rows())
			}
		}
		shares := make([]float64, len(rare))
		for i := range shares {
			shares[i] = (rare[i] + everywhere[i]/total) / (of + 1)
		}
		var y []float64
		for _, row := range slices.Concat(d.noisy.Train[:len(d.raw.Train)], d.noisy.Valid[:len(d.raw.Valid)]) {
			if slices.Contains(values, row[k]) {
				continue
			}
			if v, logDet := d.maps[k].Forward(row[k]); !math.IsInf(logDet, -1) {
				y = append(y, v)
			}
		}
		mean, std := stat.MeanStdDev(y, nil)
		if !(std > 0) || math.IsInf(std, 0) || math.IsInf(mean, 0) { // what is left has one value
			mean, std = y[0], max(1, math.Abs(y[0]))
		}
		r.Shares, r.Mean, r.Std = append(r.Shares, shares), append(r.Mean, mean), append(r.Std, std)
	}
	return r
}
