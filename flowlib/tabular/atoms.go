package tabular

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/internal/show"
)

const (
	atomShare = 0.02 // least share of the rows with the same value that makes it an atom …
	atomRows  = 10   // … and their least number
	maxAtoms  = 3    // of a column: more of them are levels, not atoms
	isolated  = 5    // times as frequent as the commonest other value, else the values are just rounded
	atomShort = 3    // significant digits at most: nobody marks rows with -0.78441482
	leastOff  = 60   // rows off all atoms, needed for a density

	patternRows  = 60  // training rows needed for a pattern to have a density of its own
	patternValid = 5   // validation rows needed
	maxPatterns  = 6   // with a density of their own: the most frequent ones
	flowRows     = 300 // rows of a pattern needed to fit flows to it
	flowPatterns = 3   // with flows: the most frequent ones
	mostRare     = 0.1 // share of the rows that may be in patterns without a density of their own
)

// findAtoms returns the atoms of a column in ascending order. A column on a grid (step >
// 0) has none.
func findAtoms(values []float64, step float64) (atoms []float64) {
	if step > 0 {
		return nil
	}
	count := map[float64]int{}
	for _, v := range values {
		count[v]++
	}
	isAtom := func(v float64, n int) bool {
		return n >= atomRows && float64(n) >= atomShare*float64(len(values)) && isShort(v)
	}
	others := 0 // number of rows at the commonest value that is not an atom
	for v, n := range count {
		if !isAtom(v, n) {
			others = max(others, n)
		}
	}
	for v, n := range count {
		if isAtom(v, n) && n >= isolated*others {
			atoms = append(atoms, v+0) // no -0
		}
	}
	slices.Sort(atoms)
	if len(atoms) > maxAtoms || len(offAtoms(values, atoms)) < leastOff {
		return nil
	}
	return atoms
}

// isShort reports whether v has as few digits as numbers that people choose: 0, 100, -1,
// 0.5.
func isShort(v float64) bool {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', atomShort, 64), 64)
	return err == nil && short == v
}

// offAtoms returns the values that are not atoms.
func offAtoms(values, atoms []float64) (rest []float64) {
	for _, v := range values {
		if !slices.Contains(atoms, v) {
			rest = append(rest, v)
		}
	}
	return rest
}

// settleAtoms sets the atoms of the features to those found. It drops the least frequent
// ones if too many rows would be in rare patterns, whose density is poor.
func (d *data) settleAtoms(found [][]float64) {
	type atom struct {
		feature int
		value   float64
		rows    int
	}
	var all []atom // most frequent first
	for k, atoms := range found {
		values := d.values(k)
		for _, v := range atoms {
			if v == flow.Missing { // stays
				continue
			}
			all = append(all, atom{k, v, len(values) - len(offAtoms(values, []float64{v}))})
		}
	}
	slices.SortStableFunc(all, func(a, b atom) int { return cmp.Compare(b.rows, a.rows) })
	for ; len(all) > 0; all = all[:len(all)-1] {
		rare, n, own := 0, 0, false
		for _, p := range d.patterns(&flow.Atoms{Values: found}) {
			n += p.rows()
			own = own || p.own
			if p.rare() {
				rare += p.rows()
			}
		}
		if own && float64(rare) <= mostRare*float64(n) {
			d.atoms = found
			return
		}
		last := all[len(all)-1]
		found[last.feature] = offAtoms(found[last.feature], []float64{last.value})
	}
	if (&flow.Atoms{Values: found}).Missing() {
		d.atoms = found
	}
}

// sayAtoms says what share of the values each atom has.
func sayAtoms(values, atoms []float64) string {
	text := ""
	for _, a := range atoms {
		n := 0
		for _, v := range values {
			if v == a {
				n++
			}
		}
		switch share := 100 * float64(n) / float64(len(values)); {
		case a != flow.Missing:
			text += fmt.Sprintf("; exactly %.6g in %.1f %% of the rows", a, share)
		case n > 0:
			text += fmt.Sprintf("; missing in %.1f %% of the rows", share)
		}
	}
	return text
}

// mayHaveAtoms reports whether to look for atoms of a feature: not if the user chose the
// model, which is a single flow, or declared the feature continuous.
func (j *job) mayHaveAtoms(name string) bool {
	return j.chosenByTable() && len(j.data.context) == 0 && j.data.levels[name] == nil && j.Kinds[name] != columns.Continuous
}

// pattern is the set of rows at the same atoms, see [flow.Atoms].
type pattern struct {
	at           []int
	free         []int   // features at no atom, categories included
	numbers      []int   // those of them that are no categories
	train, valid []int   // indices of the rows
	own          bool    // there are enough rows for a density of its own
	marginal     bool    // its density is a marginal of that of complete rows
	mass         float64 // weight of the rows, as an effective number of rows
}

// rare reports whether the pattern has no density of its own.
func (p *pattern) rare() bool { return !p.own && len(p.numbers) > 0 }

func (p *pattern) rows() int { return len(p.train) + len(p.valid) }

// patterns returns the patterns among the training and validation rows, most frequent
// first.
func (d *data) patterns(a *flow.Atoms) (all []*pattern) {
	byAt := map[string]*pattern{}
	of := func(row []float64) *pattern {
		at := a.PatternOf(row[:len(d.features)])
		key := make([]byte, len(at))
		for k, atom := range at {
			key[k] = byte(atom)
		}
		if byAt[string(key)] == nil {
			p := &pattern{at: at}
			for k, atom := range at {
				if atom == 0 {
					p.free = append(p.free, k)
				}
				if atom == 0 && d.levels[d.features[k]] == nil {
					p.numbers = append(p.numbers, k)
				}
			}
			byAt[string(key)] = p
			all = append(all, p)
		}
		return byAt[string(key)]
	}
	per := 1.0
	if d.weights.train != nil {
		per = d.perWeight()
	}
	mass := func(weights []float64, i int) float64 {
		if weights == nil {
			return 1
		}
		return weights[i] * per
	}
	for i, row := range d.raw.Train {
		p := of(row)
		p.train = append(p.train, i)
		p.mass += mass(d.weights.train, i)
	}
	for i, row := range d.raw.Valid {
		p := of(row)
		p.valid = append(p.valid, i)
		p.mass += mass(d.weights.valid, i)
	}
	slices.SortStableFunc(all, func(a, b *pattern) int { return cmp.Compare(b.rows(), a.rows()) })
	for k, p := range all {
		p.own = k < maxPatterns && len(p.train) >= patternRows && len(p.valid) >= patternValid &&
			vary(only(pick(d.raw.Train, p.train), p.numbers), len(p.numbers))
	}
	return all
}

func pick[T any](from []T, places []int) (all []T) {
	for _, i := range places {
		all = append(all, from[i])
	}
	return all
}

// only returns the given columns of rows.
func only(rows [][]float64, columns []int) (all [][]float64) {
	for _, row := range rows {
		all = append(all, pick(row, columns))
	}
	return all
}

// copied returns the indices of rows and of their copies, which follow n rows later each.
func copied(places []int, n, all int) (with []int) {
	for first := 0; first < all; first += n {
		for _, i := range places {
			with = append(with, first+i)
		}
	}
	return with
}

// restrict returns the data of one pattern, without the columns at atoms.
func (d *data) restrict(a *flow.Atoms, p *pattern) *data {
	sub := &data{source: d.source, features: pick(d.features, p.free), maps: pick(d.maps, p.free), levels: d.levels}
	sub.summary = d.summary
	sub.summary.Columns = pick(d.summary.Columns, p.free)
	part := func(raw, noisy [][]float64, places []int) (r, n [][]float64) {
		return only(pick(raw, places), p.free), only(pick(noisy, copied(places, len(raw), len(noisy))), p.free)
	}
	sub.raw, sub.noisy = dataset.Splits{Test: d.raw.Test}, dataset.Splits{} // restricted patterns only need to know whether there is a test
	sub.raw.Train, sub.noisy.Train = part(d.raw.Train, d.noisy.Train, p.train)
	sub.raw.Valid, sub.noisy.Valid = part(d.raw.Valid, d.noisy.Valid, p.valid)
	sub.weights = weights{train: pickWeights(d.weights.train, p.train), valid: pickWeights(d.weights.valid, p.valid)}
	for i, row := range d.aside {
		if slices.Equal(a.PatternOf(row[:len(d.features)]), p.at) {
			sub.aside = append(sub.aside, pick(row, p.free))
			if d.weights.aside != nil {
				sub.weights.aside = append(sub.weights.aside, d.weights.aside[i])
			}
		}
	}
	sub.applyMaps()
	return sub
}

// describe says in words which rows have a pattern.
func (d *data) describe(a *flow.Atoms, at []int) string {
	var all []string
	for k, atom := range at {
		values := slices.DeleteFunc(slices.Clone(a.Values[k]), func(v float64) bool { return v == flow.Missing })
		name := show.Name(d.features[k])
		switch {
		case atom > 0 && a.Values[k][atom-1] == flow.Missing:
			all = append(all, name+" is missing")
		case atom > 0:
			all = append(all, fmt.Sprintf("%s is %.6g", name, a.Values[k][atom-1]))
		case len(values) == 1:
			all = append(all, fmt.Sprintf("%s is not %.6g", name, values[0]))
		case len(values) > 1:
			all = append(all, name+" is none of its exact values")
		}
	}
	if len(all) == 0 {
		return "no value is missing"
	}
	return strings.Join(all, ", ")
}
