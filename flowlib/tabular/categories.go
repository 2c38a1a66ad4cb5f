package tabular

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

const (
	levelRows   = 5   // with a text, at least, to make it a level of its own
	maxLevels   = 100 // of a column, the most frequent ones
	levelsCover = 0.8 // of the rows: texts of which fewer do are too many for a category
)

// texts numbers those of columns of texts as a table is read, in the order they come.
type texts struct {
	of    map[string][]string // by column
	place map[string]map[string]float64
}

// coder is that of a column: of texts, or that is declared to be a
// category; else nil.
func (t *texts) coder(column table.Column, c FitConfig) table.Coder {
	name, kind := column.Name, c.Kinds[column.Name]
	if kind != columns.Category && (kind != "" || !column.IsText()) {
		return nil
	}
	place := map[string]float64{}
	t.place[name] = place
	return func(text string) float64 {
		code, known := place[text]
		if !known {
			text = strings.Clone(text)
			code = float64(len(place))
			place[text], t.of[name] = code, append(t.of[name], text)
		}
		return code
	}
}

// allTexts says whether no column to be read holds numbers: then nothing is a category, and
// the table is refused for its texts.
func allTexts(all []table.Column, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		i := slices.IndexFunc(all, func(c table.Column) bool { return c.Name == name })
		return i < 0 || !all[i].IsText()
	})
}

// settle makes categories of the columns of texts, whose rows have codes in the order that
// texts came in, and returns the rows without those that are none.
func (d *data) settle(t *texts, names []string, rows [][]float64, c FitConfig) ([]string, [][]float64) {
	d.levels, d.levelsSay = map[string][]string{}, map[string]string{}
	var out []int
	for j, name := range names {
		of := t.of[name]
		if t.place[name] == nil {
			continue
		}
		count := make([]int, len(of))
		for _, row := range rows {
			count[int(row[j])]++
		}
		order := make([]int, len(of)) // the most frequent first
		for k := range order {
			order[k] = k
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(of[a], of[b])) })
		covered, kept := 0, 0
		for kept < len(order) && kept < maxLevels && count[order[kept]] >= levelRows {
			covered += count[order[kept]]
			kept++
		}
		declared := c.Kinds[name] == columns.Category
		if kept == 0 || !declared && float64(covered) < levelsCover*float64(len(rows)) {
			d.leaveOutTexts(name, of, len(rows), kept == 0)
			out = append(out, j)
			continue
		}
		var say []string
		for _, k := range order[:min(kept, 5)] {
			say = append(say, fmt.Sprintf("%s %.1f %%", show.Quoted(of[k]), 100*float64(count[k])/float64(len(rows))))
		}
		text := fmt.Sprintf("category of %d levels: %s", kept, strings.Join(say, ", "))
		if kept > 5 {
			text += ", …"
		}
		if rest := len(of) - kept; rest > 0 {
			text += fmt.Sprintf("; %d other texts, in %d rows, count as one level", rest, len(rows)-covered)
		}
		if declared {
			text += ", as declared"
		}
		code := slices.Repeat([]float64{float64(kept)}, len(of))
		named := slices.Clone(order[:kept])
		slices.SortFunc(named, func(a, b int) int { return strings.Compare(of[a], of[b]) })
		for level, k := range named {
			code[k] = float64(level)
			d.levels[name] = append(d.levels[name], of[k])
		}
		for _, row := range rows {
			row[j] = code[int(row[j])]
		}
		d.levelsSay[name] = text
	}
	if len(out) == 0 {
		return names, rows
	}
	fewer := make([][]float64, len(rows))
	for i, row := range rows {
		fewer[i] = without(row, out)
	}
	return without(names, out), fewer
}

// checkLevels refuses categories of rows that have weights, by which they are not counted.
func (d *data) checkLevels(weights string) error {
	if weights == "" || len(d.levels) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(d.levels))
	return &table.Error{
		File: d.name, Problem: fmt.Sprintf("categories (%s) cannot be fitted to rows with weights", list(names)),
		Remedies: []table.Remedy{{Do: "leave them out", Option: table.OptionExclude, Values: names}},
	}
}

// leaveOutTexts says why a column of texts is no category.
func (d *data) leaveOutTexts(name string, of []string, rows int, none bool) {
	why := fmt.Sprintf("%d different texts in %d rows, such as %s: too many for a category", len(of), rows, show.Quoted(of[0]))
	var otherwise []table.Remedy
	if !none {
		otherwise = []table.Remedy{{Do: "to take it for one all the same, declare it", Option: OptionColumn, Values: []string{name + ":" + string(columns.Category)}}}
	}
	d.leaveOut(name, why, otherwise...)
	numeric := 0
	for _, text := range of {
		if text = strings.TrimLeft(text, "+-~<>=$€£ "); text != "" && '0' <= text[0] && text[0] <= '9' {
			numeric++
		}
	}
	if 2*numeric > len(of) {
		d.warn(table.NoteOf("column %s is left out: its texts begin with digits, such as %s: if they are numbers, write them without units or marks", show.Quoted(name), show.Quoted(of[0])))
	}
}

// numbers are the features that are no categories; of a table without any, all.
func (d *data) numbers() (all []int) {
	for k, name := range d.features {
		if d.levels[name] == nil {
			all = append(all, k)
		}
	}
	return all
}

// categories are the features that are.
func (d *data) categories() (all []int) {
	for k, name := range d.features {
		if d.levels[name] != nil {
			all = append(all, k)
		}
	}
	return all
}

// said is a value of a feature as a person reads it.
func (d *data) said(feature int, v float64) string {
	if v == flow.Missing {
		return "missing"
	}
	return levelOr(d.levels[d.features[feature]], v, func() string { return fmt.Sprintf("%.6g", v) })
}

// OtherText stands for all texts of a category that are no level of it.
const OtherText = "(other)"

// levelOr is the text of a code, or what else there is where there are no levels.
func levelOr(levels []string, code float64, or func() string) string {
	switch {
	case levels == nil:
		return or()
	case code < float64(len(levels)):
		return show.Quoted(levels[int(code)])
	}
	return OtherText
}
