package tabular

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/memory"
	"normflow/internal/nearest"
	"normflow/internal/show"
)

// minRows is how many rows make the parts of a split meaningful.
const minRows = 100

// data is a table that has been read, checked and split.
type data struct {
	source            Source
	streamed          *Streamed // nil if all rows are held
	features, context []string
	summary           table.Summary
	raw, noisy        dataset.Splits // as in the file, and with noise; [n, D+C]

	levels       map[string][]string // of the features that are categories, whose values are codes
	levelsSay    map[string]string
	contextTexts []ContextTexts
	of           *givens // what the rows are given, of numbers beside categories

	maps                     columns.Map    // of the features
	kinds                    []string       // kinds of the features and their reasons
	atoms                    [][]float64    // of each feature, [D], see [flow.Atoms]; nil if there are none
	mapped                   dataset.Splits // noisy rows behind the maps, without the test
	trainLogDet, validLogDet []float64      // of the maps, nats
	aside, far               [][]float64    // rows left out because they lie far outside, and the same behind the maps
	weights                  weights

	lines    []int64     // line of each row in the file, see table.Chunk
	unit     string      // what lines counts
	columns  []Treatment // how each column is treated
	warnings []table.Note
}

// read reads and checks the table, and reports what the user should know about it.
func read(file string, c FitConfig, note func(table.Note)) (*data, [][]float64, error) {
	d := &data{}
	o := c.Read
	o.Columns = nil
	texts := &texts{map[string][]string{}, map[string]map[string]float64{}}
	coded := false
	o.Coder = func(_ int, column table.Column) table.Coder {
		if !coded && !slices.Contains(c.ConditionOn, column.Name) || column.Name == c.Weights {
			return nil
		}
		return texts.coder(column, c)
	}
	o.Copies = 4 // as read, split, with noise, and standardized
	o.Choose = chooseWeights(c.Weights, func(all []table.Column) ([]string, error) {
		columns := c.Columns
		if len(columns) == 0 {
			for _, column := range all {
				switch {
				case slices.Contains(c.ConditionOn, column.Name) || slices.Contains(c.Exclude, column.Name) || column.Name == c.Weights:
				case column.Index:
					d.leaveOut(column.Name, "row numbers or row names", table.Remedy{Do: "to fit it, name it", Option: table.OptionColumns})
				default:
					columns = append(columns, column.Name)
				}
			}
		}
		for i, name := range slices.Concat(c.ConditionOn, c.Exclude) {
			if !slices.ContainsFunc(all, func(column table.Column) bool { return column.Name == name }) {
				by := OptionConditionOn
				if i >= len(c.ConditionOn) {
					by = table.OptionExclude
				}
				return nil, wrong(by, "%s", nearest.Unknown("column", name, namesOf(all)))
			}
		}
		if len(columns) == 0 {
			return nil, fmt.Errorf("no column is left to fit a density to; there are: %s", list(namesOf(all)))
		}
		coded = len(c.ConditionOn) == 0 && !allTexts(all, columns)
		return slices.Concat(columns, c.ConditionOn), nil
	})
	var err error
	if d.source.SHA256, err = sum(file); err != nil {
		return nil, nil, err
	}
	var t *table.Table
	var all table.Summary
	if c.Stream {
		t, all, err = c.sample(file, o)
	} else {
		t, err = table.ReadAll(file, o)
	}
	if err != nil {
		return nil, nil, c.remediable(err)
	}
	d.source = Source{File: file, SHA256: d.source.SHA256, Format: t.Format, Dropped: t.Dropped}
	if err := d.takeWeights(t, file, c.Weights); err != nil {
		return nil, nil, err
	}
	features := len(t.Columns) - len(c.ConditionOn)
	if len(c.ConditionOn) > 0 {
		t.Columns, t.Rows, err = d.expandTexts(texts, t.Columns, t.Rows, c)
	} else {
		t.Columns, t.Rows = d.settle(texts, t.Columns, t.Rows, c)
		features, err = len(t.Columns), d.checkLevels(c.Weights)
	}
	if err != nil {
		return nil, nil, c.remediable(err)
	}
	if err := checkCovariance(features, c.Model, c.Read.Memory); err != nil {
		return nil, nil, table.InFile(file, err)
	}
	d.features, d.context = t.Columns[:features:features], t.Columns[features:]
	if c.modelsMissing() {
		d.source.Missing, d.source.Dropped, t.Dropped = t.Dropped, 0, 0
	}
	d.lines, d.unit = t.Lines, unit(t.Format)
	t.Rows = d.setAside(t.Columns, t.Rows)
	d.source.Rows = len(t.Rows)
	s := table.NewSummarizer(t.Columns)
	for _, row := range t.Rows {
		s.Add(row)
	}
	d.summary = s.Summary()
	if c.Stream {
		d.sumUp(all, c)
	}
	if c.modelsMissing() {
		markMissing(t.Rows)
		markMissing(d.aside)
		note(table.NoteOf("%d rows miss a value: how likely that is, is part of the density", d.source.Missing))
	}
	if err := d.summary.Check(minRows); err != nil {
		return nil, nil, c.remediable(table.InFile(file, err))
	}
	given := ""
	if len(d.context) > 0 {
		given = ", given " + list(c.ConditionOn)
	}
	note(table.NoteOf("%s of %s%s (%s)", d.rowsRead(file), list(d.features), given, t.Format))
	if t.Dropped > 0 {
		note(table.NoteOf("%d rows were left out: they miss a value", t.Dropped))
	}
	d.sayWeights(c.Weights, note)
	for _, note := range t.Notes {
		d.warn(note)
	}
	for _, name := range c.Exclude {
		d.leaveOut(name, "as requested")
	}
	return d, t.Rows, nil
}

// checkCovariance returns an error if the covariance of so many columns, with its factors
// and the copies made on the way, does not fit into the memory that the run may hold, or
// not into a model.
func checkCovariance(columns int, model string, asked int64) error {
	const matrices = 4
	need, most := matrices*8*int64(columns)*int64(columns), memory.Budget(asked)
	if columns > flow.MostGaussian && (model == "" || model == "gaussian") {
		return &table.Error{
			Problem:  fmt.Sprintf("%d columns, expected at most %d: how more of them go together does not fit into a model", columns, flow.MostGaussian),
			Remedies: []table.Remedy{{Do: "name fewer columns", Option: table.OptionColumns}},
		}
	}
	if need <= most {
		return nil
	}
	return &table.Error{
		Problem:  fmt.Sprintf("how %d columns go together takes %s of memory, the run may hold %s", columns, memory.Text(need), memory.Text(most)),
		Remedies: []table.Remedy{{Do: "name fewer columns", Option: table.OptionColumns}, {Do: "let the run hold more", Option: table.OptionMemory}},
	}
}

// split splits the rows, and their weights in the same way.
func (d *data) split(rows [][]float64, c FitConfig) (err error) {
	split := c.split
	if c.Stream {
		split = func(rows [][]float64) (dataset.Splits, error) { return c.splitByPlace(rows, d.lines) }
	}
	if d.raw, err = split(rows); err != nil {
		return fmt.Errorf("%s: %w", show.Path(d.source.File), err)
	}
	short := table.Option("")
	switch { // a mean of one row has no standard error
	case len(d.raw.Valid) == 1:
		short = OptionValid
	case len(d.raw.Test) == 1 && c.Folds > 0:
		short = OptionFold
	case len(d.raw.Test) == 1:
		short = OptionTest
	}
	if short != "" {
		return &table.Error{File: d.source.File, Option: short, Problem: fmt.Sprintf("this is one of %d rows, expected at least two: take a larger share", len(rows))}
	}
	return d.weights.split(split)
}

// dequantize adds the recipe's noise to copies of the rows. The seed determines it.
func (d *data) dequantize(r *recipe, seed int64) {
	noisy := func(rows [][]float64, copies, part int) [][]float64 {
		return r.dequantize(rows, copies, 3*seed+int64(part))
	}
	d.noisy = dataset.Splits{
		Train: noisy(d.raw.Train, r.Copies, 0),
		Valid: noisy(d.raw.Valid, r.Copies, 1),
		Test:  noisy(d.raw.Test, 1, 2),
	}
}

// sum returns the SHA-256 of a regular file, "" for anything else: package table reports
// what is wrong with a file.
func sum(file string) (string, error) {
	info, err := os.Stat(file)
	if file == "-" || err != nil || !info.Mode().IsRegular() {
		return "", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", nil
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: cannot be read: %w", show.Path(file), err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func namesOfSummary(s table.Summary) (all []string) {
	for _, c := range s.Columns {
		all = append(all, c.Name)
	}
	return all
}

func namesOf(columns []table.Column) []string {
	var all []string
	for _, c := range columns {
		all = append(all, c.Name)
	}
	return all
}
