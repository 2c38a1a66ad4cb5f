package tabular

import (
	"fmt"
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
	name              string       // of the table, for messages: of its first file, and how many more there are
	files             *table.Files // nil if one was read once
	streamed          *Streamed    // nil if all rows are held
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

	lines    []int64     // line of each row in its file, see table.Chunk
	places   []int64     // number of each row among all, nil if one file was read once
	unit     string      // what lines counts, in one file
	columns  []Treatment // how each column is treated
	warnings []table.Note
}

// copiesHeld is how many copies of the rows there are: as read, split, with noise, and
// standardized.
const copiesHeld = 4

// read reads and checks the table in some files, and reports what the user should know
// about it.
func read(paths []string, c FitConfig, note func(table.Note)) (*data, [][]float64, error) {
	d := &data{name: paths[0]}
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
	o.Copies = copiesHeld
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
	t, all, err := d.readRows(paths, c, o, note)
	if err != nil {
		return nil, nil, c.remediable(err)
	}
	d.source.Format, d.source.Dropped = t.Format, t.Dropped
	if err := d.takeWeights(t, c.Weights); err != nil {
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
		return nil, nil, table.InFile(d.name, err)
	}
	d.features, d.context = t.Columns[:features:features], t.Columns[features:]
	if c.modelsMissing() {
		d.source.Missing, d.source.Dropped, t.Dropped = t.Dropped, 0, 0
	}
	d.lines, d.places, d.unit = t.Lines, t.Numbers, unit(t.Format)
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
		return nil, nil, c.remediable(table.InFile(d.name, err))
	}
	given := ""
	if len(d.context) > 0 {
		given = ", given " + list(c.ConditionOn)
	}
	note(table.NoteOf("%s of %s%s (%s)", d.rowsRead(), list(d.features), given, t.Format))
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

// readRows reads the rows of the files, or a sample of them with the summary of all.
func (d *data) readRows(paths []string, c FitConfig, o table.Options, note func(table.Note)) (t *table.Table, all table.Summary, err error) {
	d.source.File = paths[0]
	if len(paths) == 1 && !c.Stream {
		if d.source.SHA256, err = sum(paths[0]); err == nil {
			t, err = table.ReadAll(paths[0], o)
		}
		return t, all, err
	}
	if c.Stream && slices.Contains(paths, "-") {
		return nil, all, wrong(OptionStream, "the standard input cannot be read twice: write it to a file")
	}
	d.files, err = table.OpenFiles(paths, o, func(column string) bool {
		return len(c.Columns) == 0 && !slices.Contains(c.Exclude, column)
	})
	if err != nil {
		return nil, all, err
	}
	d.name = d.files.Name()
	if err := d.sumFiles(); err != nil {
		return nil, all, err
	}
	if c.Stream {
		t, all, err = c.sample(d.files, note)
	} else {
		t, err = d.files.ReadAll()
	}
	if err == nil {
		d.describeFiles()
	}
	return t, all, err
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
		split = func(rows [][]float64) (dataset.Splits, error) { return c.splitByPlace(rows, d.places) }
	}
	if d.raw, err = split(rows); err != nil {
		return fmt.Errorf("%s: %w", show.Path(d.name), err)
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
		return &table.Error{File: d.name, Option: short, Problem: fmt.Sprintf("this is one of %d rows, expected at least two: take a larger share", len(rows))}
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
