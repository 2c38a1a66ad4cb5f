package flow

import (
	"fmt"
	"slices"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
)

// NewCategorical is [NewMixture] for rows of which some features are categories, held as
// their codes:
//
//	p(row) = P(categories) · p(numbers | categories)
//
// Members are over the numbers, after their maps and centred by the categories. They have no
// context, or the categories as [categories.Density.Encode] writes them. Of the features that
// are categories the maps must be the identity.
func NewCategorical(c columns.Map, d *categories.Density, members []Member) (*Mixture, error) {
	m := &Mixture{Categories: d}
	if err := m.fill(c, members); err != nil {
		return nil, fmt.Errorf("flow: a mixture with categories: %w", err)
	}
	return m, nil
}

// numbers are the features that are no categories.
func (m *Mixture) numbers() (all []int) {
	for d := range m.Features() {
		if m.Categories == nil || !slices.ContainsFunc(m.Categories.Columns, func(c categories.Column) bool { return c.Feature == d }) {
			all = append(all, d)
		}
	}
	return all
}

// checkCategories refuses categories that do not go with the members.
func (m *Mixture) checkCategories() error {
	d := m.Members[0].Features()
	if err := m.Categories.Check(d); err != nil {
		return err
	}
	if err := m.checkUnmapped(); err != nil {
		return err
	}
	for k, member := range m.Members {
		if c := member.Context(); member.Features() != d || c != 0 && c != m.Categories.Width() {
			return fmt.Errorf("member %d has %d features and %d columns of context, expected %d, and none or %d", k, member.Features(), c, d, m.Categories.Width())
		}
	}
	return nil
}

// checkUnmapped refuses maps of codes.
func (m *Mixture) checkUnmapped() error {
	for _, c := range m.Categories.Columns {
		if m.Columns != nil && !(columns.Map{m.Columns[c.Feature]}).Identity() {
			return fmt.Errorf("feature %d holds categories and has a map, expected none", c.Feature)
		}
	}
	return nil
}
