package categories

import (
	"math"
	"slices"
)

// Center sets what levels and combinations add to mean and spread of numbers, y [n, D], of
// rows of ordered codes, [n, m]. Each effect is shrunk by what chance makes of so many
// rows, beside how far effects of its kind lie apart: with no more than chance between
// them there is none (empirical Bayes, Efron and Morris 1973,
// https://doi.org/10.1080/01621459.1973.10481350).
//
// It returns how many times as far from 0 each number lies, [n, D], once centred by effects
// that its own row has no part in, which is how new rows lie.
func (d *Density) Center(codes [][]int, y [][]float64) (farther [][]float64) {
	numbers := len(y[0])
	common := min(len(d.Common), maxEffects/numbers) // the most frequent ones
	kinds := d.groupings(codes, common)
	d.clearEffects(numbers, common)
	farther = make([][]float64, len(y))
	for i := range y {
		farther[i] = make([]float64, numbers)
	}
	values := make([]float64, len(y))
	for k := range numbers {
		for i, row := range y {
			values[i] = row[k]
		}
		shifts, rest, times := means(kinds, values)
		for i := range rest {
			rest[i] *= times[i]
			farther[i][k] = times[i]
		}
		scales := spreads(kinds, rest)
		for g, kind := range kinds {
			for level := range kind.levels {
				shift, scale := d.effects(g, level)
				shift[k], scale[k] = shifts[g][level], scales[g][level]
			}
		}
	}
	return farther
}

// grouping says which level of a kind each row has, -1 for none of them.
type grouping struct {
	of     []int
	levels int
	rows   []float64 // of each level
	n, sum float64   // rows that have one, and the sum of the squares of rows
}

// maxEffects bounds how many numbers the effects of combinations on the mean may be: a file
// holds them as text, of which so many are a few megabytes.
const maxEffects = 100_000

// groupings are those by each column, and by the first combinations.
func (d *Density) groupings(codes [][]int, common int) (all []grouping) {
	for j, c := range d.Columns {
		g := grouping{levels: c.size()}
		for _, row := range codes {
			g.of = append(g.of, row[j])
		}
		all = append(all, g)
	}
	if common > 0 {
		g := grouping{levels: common}
		for _, row := range codes {
			i, known := d.place[key(row)]
			if !known || i >= common {
				i = -1
			}
			g.of = append(g.of, i)
		}
		all = append(all, g)
	}
	for i := range all {
		g := &all[i]
		g.rows = make([]float64, g.levels)
		for _, level := range g.of {
			if level >= 0 {
				g.rows[level]++
				g.n++
			}
		}
		for _, n := range g.rows {
			g.sum += n * n
		}
	}
	return all
}

// clearEffects makes room for those of columns and of the first combinations on so many
// numbers.
func (d *Density) clearEffects(numbers, common int) {
	for j := range d.Columns {
		c := &d.Columns[j]
		c.Shift, c.LogScale = nil, nil
		for range c.size() {
			c.Shift, c.LogScale = append(c.Shift, make([]float64, numbers)), append(c.LogScale, make([]float64, numbers))
		}
	}
	for i := range d.Common[:common] {
		d.Common[i].Shift, d.Common[i].LogScale = make([]float64, numbers), make([]float64, numbers)
	}
}

// effects are those of a level of a grouping.
func (d *Density) effects(grouping, level int) (shift, logScale []float64) {
	if grouping < len(d.Columns) {
		c := d.Columns[grouping]
		return c.Shift[level], c.LogScale[level]
	}
	c := d.Common[level]
	return c.Shift, c.LogScale
}

// shrunk are effects, as found with this noise in one row, times how much of each is no
// chance.
func (g grouping) shrunk(effects []float64, noise float64) (shrunk, kept []float64) {
	shrunk, kept = make([]float64, g.levels), make([]float64, g.levels)
	squares, levels := 0.0, 0.0
	for level, n := range g.rows {
		if n > 0 {
			squares += n * effects[level] * effects[level]
			levels++
		}
	}
	apart := (squares - (levels-1)*noise) / (g.n - g.sum/g.n) // the variance of true effects
	if !(apart > 0) || math.IsInf(apart, 0) {
		return shrunk, kept
	}
	for level, n := range g.rows {
		if n > 0 {
			kept[level] = n * apart / (n*apart + noise)
			shrunk[level] = kept[level] * effects[level]
		}
	}
	return shrunk, kept
}

// averages of values, [n], by level; 0 of a level without rows.
func (g grouping) averages(values []float64) []float64 {
	all := make([]float64, g.levels)
	for i, level := range g.of {
		if level >= 0 {
			all[level] += values[i]
		}
	}
	for level, n := range g.rows {
		all[level] /= max(1, n)
	}
	return all
}

// means returns what levels add to the mean, what is left of each value, and how many times
// as much would be by effects of the other rows, as of any linear smoother. Groupings are
// taken in turn until they settle.
func means(kinds []grouping, values []float64) (shifts [][]float64, rest, times []float64) {
	const (
		rounds = 20
		most   = 0.9 // of a value that its own row may explain
	)
	rest = slices.Clone(values)
	middle := 0.0
	for _, v := range values {
		middle += v / float64(len(values))
	}
	for i := range rest {
		rest[i] -= middle
	}
	times = make([]float64, len(values)) // first how much of each value it explains itself
	shifts, kept := make([][]float64, len(kinds)), make([][]float64, len(kinds))
	for g, kind := range kinds {
		shifts[g] = make([]float64, kind.levels)
	}
	for range rounds {
		for g, kind := range kinds {
			for i, level := range kind.of {
				if level >= 0 {
					rest[i] += shifts[g][level]
				}
			}
			found := kind.averages(rest)
			within, levels := 0.0, 0.0
			for i, level := range kind.of {
				if level >= 0 {
					within += (rest[i] - found[level]) * (rest[i] - found[level])
				}
			}
			for _, n := range kind.rows {
				levels += min(1, n)
			}
			shifts[g], kept[g] = kind.shrunk(found, within/max(1, kind.n-levels))
			for i, level := range kind.of {
				if level >= 0 {
					rest[i] -= shifts[g][level]
				}
			}
		}
	}
	for g, kind := range kinds {
		for i, level := range kind.of {
			if level >= 0 {
				times[i] += kept[g][level] / kind.rows[level]
			}
		}
	}
	for i, own := range times {
		times[i] = 1 / (1 - min(most, own))
	}
	for level := range shifts[0] { // of a column that every row has: the middle of all goes with it
		shifts[0][level] += middle
	}
	return shifts, rest, times
}

// spreads returns what levels add to the logarithm of the spread of what is left. Groupings
// are taken in turn until they settle.
func spreads(kinds []grouping, rest []float64) (scales [][]float64) {
	const (
		rounds    = 5
		leastRows = 3
		most      = 3 // of an effect
	)
	logScale, squares := make([]float64, len(rest)), make([]float64, len(rest))
	for _, kind := range kinds {
		scales = append(scales, make([]float64, kind.levels))
	}
	add := func(g int, sign float64) {
		for i, level := range kinds[g].of {
			if level >= 0 {
				logScale[i] += sign * scales[g][level]
			}
		}
	}
	for range rounds {
		// How uncertain the logarithm of a spread is by one row, with all effects.
		second, fourth := 0.0, 0.0
		for i, v := range rest {
			square := v * v * math.Exp(-2*logScale[i])
			second += square / float64(len(rest))
			fourth += square * square / float64(len(rest))
		}
		noise := (fourth/(second*second) - 1) / 4
		if !(noise >= 0) { // nothing is left
			return scales
		}
		for g, kind := range kinds {
			add(g, -1)
			second = 0
			for i, v := range rest {
				squares[i] = v * v * math.Exp(-2*logScale[i])
				second += squares[i] / float64(len(rest))
			}
			found := kind.averages(squares)
			for level, n := range kind.rows {
				if n < leastRows || !(found[level] > 0) {
					found[level] = 0
					continue
				}
				found[level] = max(-most, min(most, math.Log(found[level]/second)/2+noise/n))
			}
			scales[g], _ = kind.shrunk(found, noise)
			add(g, 1)
		}
	}
	return scales
}

// Apply centres y, [D], the numbers of a row with these codes, and returns log|det| of that.
func (d *Density) Apply(y []float64, codes []int) (logDet float64) {
	for k := range y {
		shift, logScale := d.effect(k, codes)
		y[k] = (y[k] - shift) * math.Exp(-logScale)
		logDet -= logScale
	}
	return logDet
}

// Invert is the inverse of Apply.
func (d *Density) Invert(y []float64, codes []int) {
	for k := range y {
		shift, logScale := d.effect(k, codes)
		y[k] = y[k]*math.Exp(logScale) + shift
	}
}

// effect is that of codes on a number.
func (d *Density) effect(k int, codes []int) (shift, logScale float64) {
	for j, c := range d.Columns {
		if c.Shift != nil {
			shift += c.Shift[codes[j]][k]
		}
		if c.LogScale != nil {
			logScale += c.LogScale[codes[j]][k]
		}
	}
	if i, common := d.place[key(codes)]; common {
		if c := d.Common[i]; c.Shift != nil {
			shift += c.Shift[k]
		}
		if c := d.Common[i]; c.LogScale != nil {
			logScale += c.LogScale[k]
		}
	}
	return shift, logScale
}
