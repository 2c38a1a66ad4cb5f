package flow

import (
	"fmt"
	"math"
	"slices"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
)

// Missing stands for a missing value, as an atom of features that may have none. Rows to
// score contain it in place of the value, and so do draws.
const Missing = -math.MaxFloat64

// Missing reports whether a value may be missing, by an atom [Missing]; not of nil.
func (a *Atoms) Missing() bool {
	return a != nil && slices.ContainsFunc(a.Values, func(values []float64) bool { return slices.Contains(values, Missing) })
}

// Atoms are values of single features that rows have exactly, with a probability each:
// an exact 0, or a cap. The density of a row with k features at atoms is one over the
// D-k others times a probability: sums over patterns of atoms and integrals over the
// other features are 1.
//
// A pattern, At, has for each feature 0 where it is at none of its atoms, and else k
// where it is at Values[k-1]. Each member of the mixture is for rows of its pattern and
// over the features that are 0 in it.
type Atoms struct {
	Values [][]float64 `json:"values"`           // of each feature, [D], rising; empty where it has none
	Points []Point     `json:"points,omitempty"` // patterns of all features but categories
	Given  []Given     `json:"given,omitempty"`  // of each pattern that members and points have, if there are categories
	Rest   Rest        `json:"rest"`             // so that no pattern has probability 0
}

// Point is a row of which each feature is at an atom, with its probability.
type Point struct {
	Weight float64 `json:"weight"`
	At     []int   `json:"at"`
}

// Rest is a density of independent features for patterns that are rare.
type Rest struct {
	Weight float64     `json:"weight"`
	Shares [][]float64 `json:"shares"` // of each feature, [D]: at no atom, then at each; all positive, sum 1
	Mean   []float64   `json:"mean"`   // of the Gaussian of each feature at no atom, after its map, [D]
	Std    []float64   `json:"std"`
}

// NewAtomic is [NewMixture] for a mixture of which members have patterns of atoms. If some
// features are categories, d is the density of these in the rest, else nil.
func NewAtomic(c columns.Map, a Atoms, d *categories.Density, members []Member) (*Mixture, error) {
	a.Points = slices.Clone(a.Points)
	m := &Mixture{Atoms: &a, Categories: d}
	if err := m.fill(c, members); err != nil {
		return nil, fmt.Errorf("flow: a mixture with atoms: %w", err)
	}
	return m, nil
}

// sum is that of all weights.
func (m *Mixture) sum() (sum float64) {
	for _, member := range m.Members {
		sum += member.Weight
	}
	if m.Atoms != nil {
		for _, p := range m.Atoms.Points {
			sum += p.Weight
		}
		sum += m.Atoms.Rest.Weight
	}
	return sum
}

// free returns the features that a pattern has at no atom; of none, all.
func free(at []int, features int) (all []int) {
	for d := range features {
		if at == nil || at[d] == 0 {
			all = append(all, d)
		}
	}
	return all
}

// Free returns the features that a member is over, in order: numbers at no atom.
func (m *Mixture) Free(member int) (all []int) {
	for _, d := range m.numbers() {
		if at := m.Members[member].At; at == nil || at[d] == 0 {
			all = append(all, d)
		}
	}
	return all
}

// PatternOf returns that of a row.
func (a *Atoms) PatternOf(row []float64) []int {
	at := make([]int, len(a.Values))
	for d, values := range a.Values {
		at[d] = slices.Index(values, row[d]) + 1
	}
	return at
}

// is says whether a row has a pattern.
func (a *Atoms) is(row []float64, at []int) bool {
	for d, values := range a.Values {
		if slices.Index(values, row[d])+1 != at[d] {
			return false
		}
	}
	return true
}

// checkAt refuses what is no pattern.
func (a *Atoms) checkAt(at []int) error {
	if len(at) != len(a.Values) {
		return fmt.Errorf("a pattern of %d features, expected %d", len(at), len(a.Values))
	}
	for d, k := range at {
		if k < 0 || k > len(a.Values[d]) {
			return fmt.Errorf("a pattern with atom %d of feature %d, which has %d", k, d, len(a.Values[d]))
		}
	}
	return nil
}

// check refuses what are no atoms of a mixture with numbers at these features.
func (a *Atoms) check(numbers []int) error {
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	d := len(a.Values)
	if r := a.Rest; d == 0 || len(r.Shares) != d || len(r.Mean) != d || len(r.Std) != d {
		return fmt.Errorf("atoms of %d features, for the rest %d shares, %d means and %d deviations", d, len(r.Shares), len(r.Mean), len(r.Std))
	}
	for i, values := range a.Values {
		for k, v := range values {
			if !finite(v) || k > 0 && !(values[k-1] < v) {
				return fmt.Errorf("atom %d of feature %d is %g, expected finite numbers that rise", k, i, v)
			}
		}
		r := a.Rest
		sum := 0.0
		for _, share := range r.Shares[i] {
			if !(share > 0) {
				return fmt.Errorf("feature %d has a share of %g, expected more than 0", i, share)
			}
			sum += share
		}
		if len(r.Shares[i]) != 1+len(values) || !(math.Abs(sum-1) < 1e-9) {
			return fmt.Errorf("feature %d has %d atoms and %d shares that sum to %.12g", i, len(values), len(r.Shares[i]), sum)
		}
		if !finite(r.Mean[i]) || !finite(r.Std[i]) || !(r.Std[i] > 0) {
			return fmt.Errorf("feature %d has a rest of %g ± %g", i, r.Mean[i], r.Std[i])
		}
	}
	if !(a.Rest.Weight > 0) || a.Rest.Weight > 1 {
		return fmt.Errorf("the weight of the rest is %g, expected more than 0 and at most 1", a.Rest.Weight)
	}
	for k, p := range a.Points {
		if err := a.checkAt(p.At); err != nil {
			return err
		}
		if !(p.Weight > 0) || p.Weight > 1 || slices.ContainsFunc(numbers, func(d int) bool { return p.At[d] == 0 }) {
			return fmt.Errorf("point %d has weight %g and the pattern %v, expected an atom of each feature", k, p.Weight, p.At)
		}
	}
	return nil
}
