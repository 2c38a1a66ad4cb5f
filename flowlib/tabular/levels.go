package tabular

import (
	"math"
	"slices"
	"strconv"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// levelsOf are those of a feature that is a category; nil of numbers.
func (m *Model) levelsOf(feature int) []string {
	if m.Saved.Categories == nil {
		return nil
	}
	for _, c := range m.Saved.Categories.Columns {
		if c.Feature == feature {
			return c.Levels
		}
	}
	return nil
}

// numbers are the features that are no categories.
func (m *Model) numbers() (all []int) {
	for k := range m.Features {
		if m.levelsOf(k) == nil {
			all = append(all, k)
		}
	}
	return all
}

// coder is for [table.Options]: it gives texts of categories their codes.
func (m *Model) coder(place int, _ table.Column) table.Coder {
	levels := m.levelsOf(place)
	if levels == nil {
		return nil
	}
	return coderOf(levels, func(string) float64 { return float64(len(levels)) })
}

// coderOf gives texts the codes of levels, and others what other says.
func coderOf(levels []string, other func(text string) float64) table.Coder {
	codes := map[string]float64{}
	for k, level := range levels { // as another format writes the same number
		if v, err := strconv.ParseFloat(level, 64); err == nil {
			codes[strconv.FormatFloat(v, 'g', -1, 64)] = float64(k)
		}
	}
	for k, level := range levels {
		codes[level] = float64(k)
	}
	return func(text string) float64 {
		if code, known := codes[text]; known {
			return code
		}
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			if code, known := codes[strconv.FormatFloat(v, 'g', -1, 64)]; known {
				return code
			}
		}
		return other(text)
	}
}

// unknown counts the rows of a category that have no level of it.
type unknown struct {
	feature     int
	other       float64 // their code
	n           int64
	first       int64   // line or row
	probability float64 // of such a row by the model
}

// watchLevels are those of the categories of a model.
func (m *Model) watchLevels() (all []unknown) {
	if m.Saved.Categories == nil {
		return nil
	}
	for j, c := range m.Saved.Categories.Columns {
		all = append(all, unknown{feature: c.Feature, other: float64(c.Other()), probability: m.Saved.Marginal(j)[c.Other()]})
	}
	slices.SortFunc(all, func(a, b unknown) int { return a.feature - b.feature })
	return all
}

func (u *unknown) add(row []float64, line int64) {
	if row[u.feature] != u.other {
		return
	}
	if u.n++; u.n == 1 {
		u.first = line
	}
}

// unknownLevels warns of texts that are no level of their column, where there are more
// than chance makes of the rare ones that the fit has seen.
func (m *Model) unknownLevels(seen Seen) (all []table.Note) {
	for _, u := range seen.watch.unknown {
		expected := float64(seen.Rows) * u.probability
		if float64(u.n) <= expected+3*math.Sqrt(expected) || u.n == 0 {
			continue
		}
		all = append(all, table.NoteOf("%s: column %s has none of its %d levels in %d rows, the first at %s %d: all such texts count as one level, of probability %.2g",
			show.Path(seen.File), show.Quoted(m.Features[u.feature]), int(u.other), u.n, seen.Unit, u.first, u.probability))
	}
	return all
}

// drawTable writes rows of draws, texts among them, in the order of the columns.
type drawTable struct {
	*table.Writer
	levels [][]string // of each column, nil of numbers; nil: there are no categories
}

// newDrawTable starts a table of draws at path; more are columns behind those of the model.
func (m *Model) newDrawTable(path string, dialect table.Dialect, more ...string) (*drawTable, error) {
	d := &drawTable{}
	names := append(m.Columns(), more...)
	var kept []table.Column
	if m.Saved.Categories != nil || len(m.contextTexts()) > 0 {
		d.levels = make([][]string, len(names))
		for k, name := range names {
			column := table.Column{Name: name}
			if k < len(m.Features) {
				d.levels[k] = m.levelsOf(k)
			}
			for _, t := range m.contextTexts() {
				if k >= len(m.Features) && t.Column == name {
					d.levels[k] = t.Levels
				}
			}
			if d.levels[k] != nil {
				column.Kind = table.Text
			}
			kept = append(kept, column)
		}
		names = nil
	}
	var err error
	d.Writer, err = table.Create(path, kept, names, dialect)
	return d, err
}

// row writes one row.
func (d *drawTable) row(values []float64) error {
	if d.levels == nil {
		return d.Write(nil, values)
	}
	texts := make([]string, len(values))
	for k, v := range values {
		switch levels := d.levels[k]; {
		case levels == nil && math.IsNaN(v): // missing
		case levels == nil:
			texts[k] = table.FormatNumber(v, 64)
		case int(v) < len(levels):
			texts[k] = levels[int(v)]
		default:
			texts[k] = OtherText
		}
	}
	return d.Write(texts, nil)
}
