package categories

import (
	"cmp"
	"math"
	"slices"
)

// maxCommon is how many combinations a density remembers, the most frequent ones.
const maxCommon = 2000

// Fit returns the density of rows of codes, [n, m], whose columns hold features at these
// places with these levels; and the log-probability of each row by what the others say.
// The columns of the density are in an order of their own: At says where each is in codes.
func Fit(features []int, levels [][]string, codes [][]int) (d *Density, at []int, held []float64) {
	f := &fitter{codes: codes, n: float64(len(codes))}
	for j, of := range levels {
		f.sizes = append(f.sizes, len(of)+1)
		f.counts = append(f.counts, f.count(j))
	}
	d = &Density{}
	held = make([]float64, len(codes)) // first of the tree
	for _, e := range f.tree() {
		c := Column{Feature: features[e.column], Levels: levels[e.column], Parent: slices.Index(at, e.parent), Shares: f.shares(e)}
		at = append(at, e.column)
		d.Columns = append(d.Columns, c)
		for i, row := range codes {
			held[i] += f.leftOut(e, row)
		}
	}
	d.common(f, at, held)
	d.index()
	return d, at, held
}

// Ordered are the codes of a row in the order of the columns of a density.
func Ordered(codes, at []int) []int {
	row := make([]int, len(at))
	for j, k := range at {
		row[j] = codes[k]
	}
	return row
}

type fitter struct {
	codes  [][]int
	n      float64
	sizes  []int       // levels of each column, with the other texts
	counts [][]float64 // rows at each level
}

func (f *fitter) count(j int) []float64 {
	n := make([]float64, f.sizes[j])
	for _, row := range f.codes {
		n[row[j]]++
	}
	return n
}

// edge is a column of the tree: with the one that it leans on, -1 for none, and how many
// rows its own shares count for beside those at a level of that one.
type edge struct {
	column, parent int
	prior          float64
	together       [][]float64 // rows, [levels of the parent][levels]
	gain           float64     // over no parent, in nats of all rows
}

// half is what each level counts for beside its rows.
const half = 0.5

// share is P(level) of a column, less so many rows of that level.
func (f *fitter) share(j, level int, less float64) float64 {
	return (f.counts[j][level] - less + half) / (f.n - less + half*float64(f.sizes[j]))
}

// given is P(level | level of the parent), less so many rows of both.
func (f *fitter) given(e edge, parent, level int, less float64) float64 {
	return (e.together[parent][level] - less + e.prior*f.share(e.column, level, 0)) / (f.counts[e.parent][parent] - less + e.prior)
}

// leftOut is the logarithm of the share of a row's level by the other rows.
func (f *fitter) leftOut(e edge, row []int) float64 {
	if e.parent < 0 {
		return math.Log(f.share(e.column, row[e.column], 1))
	}
	return math.Log(f.given(e, row[e.parent], row[e.column], 1))
}

// shares are those of the column of an edge.
func (f *fitter) shares(e edge) (all [][]float64) {
	if e.parent < 0 {
		own := make([]float64, f.sizes[e.column])
		for level := range own {
			own[level] = f.share(e.column, level, 0)
		}
		return [][]float64{own}
	}
	for u := range f.sizes[e.parent] {
		own := make([]float64, f.sizes[e.column])
		for level := range own {
			own[level] = f.given(e, u, level, 0)
		}
		all = append(all, own)
	}
	return all
}

// lean is the edge from one column to another with the likeliest prior.
func (f *fitter) lean(parent, column int) edge {
	e := edge{column: column, parent: parent, gain: math.Inf(-1)}
	for range f.sizes[parent] {
		e.together = append(e.together, make([]float64, f.sizes[column]))
	}
	for _, row := range f.codes {
		e.together[row[parent]][row[column]]++
	}
	alone := 0.0
	for level, n := range f.counts[column] {
		if n > 0 {
			alone += n * math.Log(f.share(column, level, 1))
		}
	}
	best := e
	for e.prior = 0.25; e.prior < 1e6; e.prior *= 2 {
		e.gain = -alone
		for u, row := range e.together {
			for level, n := range row {
				if n > 0 {
					e.gain += n * math.Log(f.given(e, u, level, 1))
				}
			}
		}
		if e.gain > best.gain {
			best = e
		}
	}
	return best
}

// tree adds the columns one by one, the one that gains most by leaning on one that is
// there already first; one that gains nothing leans on none.
func (f *fitter) tree() (all []edge) {
	best := make([]edge, len(f.sizes))
	for j := range best {
		best[j] = edge{column: j, parent: -1}
	}
	for len(best) > 0 {
		next := 0
		for i, e := range best {
			if e.gain > best[next].gain {
				next = i
			}
		}
		e := best[next]
		all, best = append(all, e), slices.Delete(best, next, next+1)
		for i, other := range best {
			if leaning := f.lean(e.column, other.column); leaning.gain > other.gain {
				best[i] = leaning
			}
		}
	}
	return all
}

// common keeps the combinations of the rows, with the likeliest prior; held are the
// log-probabilities by the tree, and become those of the density.
func (d *Density) common(f *fitter, at []int, held []float64) {
	if d.Prior = 1; len(at) == 1 {
		return // a table by itself
	}
	d.Unseen = half
	rows := map[string]int{}
	for _, row := range f.codes {
		k := key(Ordered(row, at))
		i, known := rows[k]
		if !known {
			i = len(d.Common)
			rows[k] = i
			d.Common = append(d.Common, Combination{Codes: Ordered(row, at)})
		}
		d.Common[i].Rows++
	}
	slices.SortFunc(d.Common, func(a, b Combination) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), slices.Compare(a.Codes, b.Codes))
	})
	d.Common = d.Common[:min(len(d.Common), maxCommon)]
	d.index()
	of := make([]float64, len(f.codes)) // rows like each
	for i, row := range f.codes {
		if k, ok := d.place[key(Ordered(row, at))]; ok {
			of[i] = d.Common[k].Rows
		}
	}
	other := make([]float64, len(f.codes)) // what counts for each beside the prior
	for i, row := range f.codes {
		for j, c := range d.Columns {
			if row[at[j]] == c.Other() {
				other[i] += d.Unseen / d.tree[j][c.Other()]
			}
		}
	}
	beside := d.Unseen * float64(len(at))
	logProb := func(i int, prior float64) float64 {
		tree := math.Log(prior+other[i]) + held[i]
		switch of[i] {
		case 0:
			return tree - math.Log(d.rows+prior+beside)
		case 1: // the row itself
			return tree - math.Log(d.rows-1+prior+beside)
		}
		return math.Log(of[i]-1+math.Exp(tree)) - math.Log(d.rows-1+prior+beside)
	}
	best := math.Inf(-1)
	for prior := 0.25; prior < 1e9; prior *= 2 {
		sum := 0.0
		for i := range of {
			sum += logProb(i, prior)
		}
		if sum > best {
			best, d.Prior = sum, prior
		}
	}
	for i := range held {
		held[i] = logProb(i, d.Prior)
	}
}
