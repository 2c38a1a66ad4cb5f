package flow

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/categories"
)

// Given is the density of the categories of the rows of one pattern of [Atoms], by which its
// numbers are centred. The features of its columns are counted among those at no atom.
type Given struct {
	At         []int               `json:"at"`
	Categories *categories.Density `json:"categories"`
}

// given returns the density of the categories of a pattern; nil: there are none.
func (a *Atoms) given(at []int) *categories.Density {
	for _, g := range a.Given {
		if slices.Equal(g.At, at) {
			return g.Categories
		}
	}
	return nil
}

// checkGiven refuses categories of patterns that do not go with those of the whole mixture,
// which are nil where it has none.
func (m *Mixture) checkGiven() error {
	a := m.Atoms
	if m.Categories == nil {
		if len(a.Given) > 0 {
			return errors.New("patterns of atoms have categories, and the mixture none")
		}
		return nil
	}
	if err := m.Categories.Check(len(m.numbers())); err != nil {
		return err
	}
	if err := m.checkUnmapped(); err != nil {
		return err
	}
	for _, c := range m.Categories.Columns {
		if c.Shift != nil || c.LogScale != nil || len(a.Values[c.Feature]) > 0 {
			return fmt.Errorf("feature %d holds categories, and has atoms or centres numbers of all patterns, expected neither", c.Feature)
		}
	}
	for k, g := range a.Given {
		if err := a.checkAt(g.At); err != nil {
			return fmt.Errorf("categories %d of a pattern: %w", k, err)
		}
		rest := free(g.At, m.Features())
		if g.Categories == nil || len(g.Categories.Columns) != len(m.Categories.Columns) || a.given(g.At) != g.Categories {
			return fmt.Errorf("categories %d of a pattern, %v: expected one density of all %d columns", k, g.At, len(m.Categories.Columns))
		}
		if err := g.Categories.Check(len(rest) - len(m.Categories.Columns)); err != nil {
			return fmt.Errorf("the pattern %v: %w", g.At, err)
		}
		for _, own := range g.Categories.Columns {
			if !slices.ContainsFunc(m.Categories.Columns, func(c categories.Column) bool {
				return c.Feature == rest[own.Feature] && slices.Equal(c.Levels, own.Levels)
			}) {
				return fmt.Errorf("the pattern %v: feature %d has other levels than in the whole mixture", g.At, rest[own.Feature])
			}
		}
	}
	for _, p := range a.Points {
		if a.given(p.At) == nil {
			return fmt.Errorf("the point %v has no categories", p.At)
		}
	}
	for k, member := range m.Members {
		g := a.given(member.At)
		if g == nil {
			return fmt.Errorf("the pattern of member %d has no categories", k)
		}
		if c := member.Context(); c != 0 && c != g.Width() {
			return fmt.Errorf("member %d has %d columns of context, expected none or %d", k, c, g.Width())
		}
	}
	return nil
}

// Marginal returns the probabilities of the levels of column j of the categories, as
// [categories.Density.Marginal] does of one density.
func (m *Mixture) Marginal(j int) []float64 {
	if m.Atoms == nil {
		return m.Categories.Marginal(j)
	}
	all := make([]float64, 1+len(m.Categories.Columns[j].Levels))
	add := func(weight float64, of *categories.Density, j int) {
		floats.AddScaled(all, weight, of.Marginal(j))
	}
	own := func(weight float64, at []int) {
		of, rest := m.Atoms.given(at), free(at, m.Features())
		add(weight, of, slices.IndexFunc(of.Columns, func(c categories.Column) bool { return rest[c.Feature] == m.Categories.Columns[j].Feature }))
	}
	for _, member := range m.Members {
		own(member.Weight, member.At)
	}
	for _, p := range m.Atoms.Points {
		own(p.Weight, p.At)
	}
	add(m.Atoms.Rest.Weight, m.Categories, j)
	return all
}

// noNumbers is the engine of rows that have categories alone, given these.
type noNumbers struct{}

// LogProbTo implements [density.Scorer].
func (noNumbers) LogProbTo(dst []float64, _ *mat.Dense) error {
	clear(dst)
	return nil
}

// DrawChunks implements [Engine].
func (noNumbers) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	return func(yield func(Draws, error) bool) { yield(Draws{X: make([][]float64, s.Count)}, nil) }
}

// readCodes reads those of a row, [D], and says whether they are codes.
func readCodes(d *categories.Density, codes []int, row []float64) bool {
	for j, c := range d.Columns {
		v := row[c.Feature]
		if !(v >= 0 && v <= float64(c.Other()) && v == float64(int(v))) {
			return false
		}
		codes[j] = int(v)
	}
	return true
}

// writeCodes writes codes to a row, [D].
func writeCodes(d *categories.Density, row []float64, codes []int) {
	for j, c := range d.Columns {
		row[c.Feature] = float64(codes[j])
	}
}
