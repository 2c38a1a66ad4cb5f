package tabular

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"normflow/flowlib/table"
	"normflow/internal/nearest"
	"normflow/internal/show"
)

// ContextTexts is a column of texts that the density is given. Each of its levels is a column
// of the model's context of its own, COLUMN=LEVEL, that is 1 in rows of the level, else 0.
type ContextTexts struct {
	Column string   `json:"column"`
	First  int      `json:"first"` // place of the first level in the context
	Levels []string `json:"levels"`
}

// maxGiven is the largest number of levels of all columns of texts that are conditioned on.
const maxGiven = 200

// names are those of the columns of context.
func (t ContextTexts) names() (all []string) {
	for _, level := range t.Levels {
		all = append(all, t.Column+"="+level)
	}
	return all
}

// expand returns the context of a file's columns, [file columns], as that of a model: a code
// of texts becomes a number for each of its levels.
func expand(texts []ContextTexts, row []float64) (context []float64) {
	for _, v := range row {
		at := slices.IndexFunc(texts, func(t ContextTexts) bool { return t.First == len(context) })
		if at < 0 {
			context = append(context, v)
			continue
		}
		first := len(context)
		context = append(context, make([]float64, len(texts[at].Levels))...)
		context[first+int(v)] = 1
	}
	return context
}

// expandTexts replaces the codes of columns of texts that are conditioned on, the last ones
// of the table, by a column for each level.
func (d *data) expandTexts(t *texts, names []string, rows [][]float64, c FitConfig) ([]string, [][]float64, error) {
	features := len(names) - len(c.ConditionOn)
	expanded := slices.Clone(names[:features])
	recode := map[int][]float64{} // levels are in order of their texts
	for j, name := range names[features:] {
		of := t.of[name]
		if t.place[name] == nil {
			expanded = append(expanded, name)
			continue
		}
		count := make([]int, len(of))
		for _, row := range rows {
			count[int(row[features+j])]++
		}
		for k, n := range count {
			if n < levelRows {
				return nil, nil, table.InFile(d.name, wrong(OptionConditionOn, "column %s has %s in %d rows: expected at least %d rows of each text: leave the others out, give them one name, or condition on other columns",
					show.Quoted(name), show.Quoted(of[k]), n, levelRows))
			}
		}
		group := ContextTexts{Column: name, First: len(expanded) - features, Levels: slices.Sorted(slices.Values(of))}
		code := make([]float64, len(of))
		for k, text := range of {
			code[k] = float64(slices.Index(group.Levels, text))
		}
		recode[features+j] = code
		d.contextTexts = append(d.contextTexts, group)
		if expanded = append(expanded, group.names()...); len(expanded)-features > maxGiven {
			return nil, nil, table.InFile(d.name, wrong(OptionConditionOn, "the columns have more than %d texts and numbers to condition on: leave those out that have many, such as %s (%d)", maxGiven, show.Quoted(name), len(of)))
		}
	}
	if len(recode) == 0 {
		return names, rows, nil
	}
	all := make([][]float64, len(rows))
	for i, row := range rows {
		for j, code := range recode {
			row[j] = code[int(row[j])]
		}
		all[i] = append(slices.Clone(row[:features]), expand(d.contextTexts, row[features:])...)
	}
	return expanded, all, nil
}

// contextTexts are those of a model.
func (m *Model) contextTexts() []ContextTexts {
	if m.Record == nil {
		return nil
	}
	return m.Record.ContextTexts
}

// contextColumns are the columns of a file that hold the context.
func (m *Model) contextColumns() (all []string) {
	for j := 0; j < len(m.Context); j++ {
		at := slices.IndexFunc(m.contextTexts(), func(t ContextTexts) bool { return t.First == j })
		if at < 0 {
			all = append(all, m.Context[j])
			continue
		}
		all = append(all, m.contextTexts()[at].Column)
		j += len(m.contextTexts()[at].Levels) - 1
	}
	return all
}

// has reports whether column j of the context is one of the levels.
func (t ContextTexts) has(j int) bool { return t.First <= j && j < t.First+len(t.Levels) }

// isText reports whether column j of a context is a level of texts.
func isText(texts []ContextTexts, j int) bool {
	return slices.ContainsFunc(texts, func(t ContextTexts) bool { return t.has(j) })
}

// textsReader reads the columns of a model's context from a file, behind its features.
type textsReader struct {
	model    *Model
	features int      // columns before the context
	unseen   []string // texts that are no level, of code -1, -2, …
}

// coder is for [table.Options].
func (r *textsReader) coder(place int, c table.Column) table.Coder {
	if place < r.features {
		return r.model.coder(place, c)
	}
	columns := r.model.contextColumns()
	if place >= r.features+len(columns) { // weights
		return nil
	}
	for _, t := range r.model.contextTexts() {
		if t.Column == columns[place-r.features] {
			return coderOf(t.Levels, func(text string) float64 {
				r.unseen = append(r.unseen, strings.Clone(text))
				return -float64(len(r.unseen))
			})
		}
	}
	return nil
}

// expand gives a chunk the columns of the model's context. A text that is no level is an
// error.
func (r *textsReader) expand(c *table.Chunk, file, unit string) (*table.Chunk, error) {
	texts := r.model.contextTexts()
	if len(texts) == 0 {
		return c, nil
	}
	columns := r.model.contextColumns()
	for i := range c.Len() {
		for j, v := range c.Row(i)[r.features:] {
			if at := slices.IndexFunc(texts, func(t ContextTexts) bool { return t.Column == columns[j] }); at >= 0 && v < 0 {
				return nil, &table.Error{
					File: file, Unit: unit, Line: c.Lines[i], Column: columns[j], Found: show.Quoted(r.unseen[int(-v)-1]),
					Expected: "one of " + show.QuotedNames(texts[at].Levels) + ": a density cannot be given what the fit has not seen",
					Remedies: []table.Remedy{{Do: "correct it, leave the row out, or fit to a table that has such rows"}},
				}
			}
		}
	}
	return c.Map(r.features+len(r.model.Context), func(row []float64) []float64 {
		return append(slices.Clone(row[:r.features]), expand(texts, row[r.features:])...)
	}), nil
}

// ConditionOf returns the condition for [SampleConfig] that has the given texts for columns,
// as they stand in a table: numbers, true or false, and texts for a column of texts.
func (m *Model) ConditionOf(given map[string]string) (map[string]float64, error) {
	all := map[string]float64{}
	for name, text := range given {
		at := slices.IndexFunc(m.contextTexts(), func(t ContextTexts) bool { return t.Column == name })
		if at >= 0 {
			t := m.contextTexts()[at]
			code := coderOf(t.Levels, func(string) float64 { return -1 })(text)
			if code < 0 {
				return nil, wrong(OptionCondition, "%s", nearest.Unknown("text of "+show.Name(name), text, t.Levels))
			}
			for k, column := range t.names() {
				all[column] = 0
				if float64(k) == code {
					all[column] = 1
				}
			}
			continue
		}
		v, err := conditionValue(text)
		if err != nil {
			return nil, wrong(OptionCondition, "expected a number for %s, found %s", show.Name(name), show.Quoted(text))
		}
		all[name] = v
	}
	return all, nil
}

// conditionValue parses a number or, as in a table, true or false. Go reads underscores
// and hexadecimal digits as well, which a table does not.
func conditionValue(text string) (float64, error) {
	switch strings.ToLower(text) {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	if strings.ContainsAny(text, "_xX") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(text, 64)
}

// inFile turns the context of a draw, [C], into that of a file, with codes of texts.
func inFile(texts []ContextTexts, context []float64) (row []float64) {
	for j := 0; j < len(context); j++ {
		at := slices.IndexFunc(texts, func(t ContextTexts) bool { return t.First == j })
		if at < 0 {
			row = append(row, context[j])
			continue
		}
		n := len(texts[at].Levels)
		row = append(row, float64(slices.Index(context[j:j+n], 1)))
		j += n - 1
	}
	return row
}

// checkContextTexts checks them against the names of the context.
func (r *Record) checkContextTexts() error {
	next := 0
	for _, t := range r.ContextTexts {
		if t.First < next || len(t.Levels) == 0 || t.First+len(t.Levels) > len(r.Context) || !slices.Equal(t.names(), r.Context[t.First:t.First+len(t.Levels)]) {
			return fmt.Errorf("context_texts: the levels of %s are not the columns of context from %d on", show.Quoted(t.Column), t.First)
		}
		next = t.First + len(t.Levels)
	}
	return nil
}
