package tabular

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/stream"
	"normflow/flowlib/table"
	"normflow/internal/memory"
	"normflow/internal/show"
)

// Streamed describes a table of which the fit held a sample, that of [Source]; all NLLs,
// scores and choices are by its rows.
type Streamed struct {
	Rows int64 `json:"rows"` // of the table, which the summary describes
	// Passes is how often training saw each training row of the table, on average; 0 if it
	// saw those of the sample alone.
	Passes float64 `json:"passes"`
}

const (
	maxSample = 1_000_000 // rows: beyond, an NLL is known to a thousandth of a nat or so
	maxHeld   = 1 << 20   // rows held to be shuffled
)

// sample reads a sample of the table that takes at most half of the memory of the run.
func (c FitConfig) sample(files *table.Files, note func(table.Note)) (*table.Table, table.Summary, error) {
	const often = 10 * time.Second
	said := time.Now()
	return stream.Sample(files, func(columns int) int {
		const around = 32 // as [table.ReadAll] reckons
		row := int64(copiesHeld) * (8*int64(columns) + around)
		return int(min(maxSample, max(minRows, memory.Budget(c.Read.Memory)/2/row)))
	}, func(rows int64) {
		if time.Since(said) < often {
			return
		}
		said = time.Now()
		text := fmt.Sprintf("%d rows are read", rows)
		if files.Len() > 1 {
			text += fmt.Sprintf(", file %d of %d", files.At(rows)+1, files.Len())
		}
		note(table.NoteOf("%s", text))
	})
}

// sumUp takes the summary of all rows, as far as it is of the columns that are fitted.
func (d *data) sumUp(all table.Summary, c FitConfig) {
	d.streamed = &Streamed{Rows: all.Rows}
	own := d.summary.Columns
	d.summary = all
	d.summary.Columns = own
	if d.source.Outliers > 0 || c.Weights != "" { // which would be in it
		return
	}
	for i, column := range own {
		if k := slices.IndexFunc(all.Columns, func(of table.ColumnSummary) bool { return of.Name == column.Name }); k >= 0 && d.levels[column.Name] == nil { // a text that is conditioned on is no column
			own[i] = all.Columns[k]
		}
	}
}

// Parts of a split.
const (
	forTraining = iota
	forValidation
	forTest
)

// partOf returns the part of the row with a number in a table that is not held.
func (c FitConfig) partOf(number int64) int {
	at, test := stream.Place(number, c.splitSeed()), c.Test
	if c.Folds > 0 { // the test rows first, then the others, from behind them on
		test = 1 / float64(c.Folds)
		if at -= test * float64(c.Fold); at < 0 {
			at++
		}
	}
	switch {
	case at < test:
		return forTest
	case at < test+c.Valid:
		return forValidation
	}
	return forTraining
}

// splitByPlace splits rows by their numbers, and shuffles them.
func (c FitConfig) splitByPlace(rows [][]float64, numbers []int64) (dataset.Splits, error) {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Compare(stream.Place(numbers[a], ^c.splitSeed()), stream.Place(numbers[b], ^c.splitSeed()))
	})
	var parts [3][][]float64
	for _, i := range order {
		k := c.partOf(numbers[i])
		parts[k] = append(parts[k], rows[i])
	}
	s := dataset.Splits{Train: parts[forTraining], Valid: parts[forValidation], Test: parts[forTest]}
	if len(s.Train) == 0 || len(s.Valid) == 0 || len(s.Test) == 0 && (c.Test > 0 || c.Folds > 0) {
		return s, fmt.Errorf("%d rows are too few to split: %d are for training, %d for validation and %d for the test", len(rows), len(s.Train), len(s.Valid), len(s.Test))
	}
	return s, nil
}

// onSample returns why training sees the sample alone, "" if it sees all training rows.
func (j *job) onSample() string {
	switch {
	case j.chosenByTable():
		return "the model is chosen by the table"
	case j.Model == "gaussian":
		return "a Gaussian is not trained"
	case len(j.data.levels) > 0:
		return "there are categories"
	case j.data.contextTexts != nil:
		return "columns of texts are conditioned on"
	case j.data.atoms != nil:
		return "there are values that many rows share"
	case j.data.weights.all != nil:
		return "rows have weights"
	}
	return ""
}

// trainingRows returns how many rows there are for training, about, if they are not held.
func (j *job) trainingRows() int {
	if d := j.data; d.streamed != nil && j.onSample() == "" {
		return max(len(d.raw.Train), int(float64(d.streamed.Rows)*float64(len(d.raw.Train))/float64(d.source.Rows)))
	}
	return len(j.data.raw.Train)
}

// noteSample says if training sees the sample alone.
func (j *job) noteSample() {
	why := j.onSample()
	if j.data.streamed == nil || why == "" {
		return
	}
	n := table.NoteOf("training sees the sample alone: %s", why)
	if j.chosenByTable() {
		n.Remedies = []table.Remedy{{Do: "to train on all rows, name a flow", Option: OptionModel, Values: []string{"nsf"}}}
	}
	j.Note(n)
}

// feed opens the stream of the training rows, if training is to see those of the whole
// table; else it returns nil.
func (j *job) feed() (*feed, error) {
	d := j.data
	if d.streamed == nil || j.onSample() != "" {
		return nil, nil
	}
	rows, events := j.trainingRows(), j.fit.Steps*j.fit.BatchSize
	d.streamed.Passes = float64(events) / float64(rows)
	columns := slices.Concat(d.features, d.context)
	f := &feed{maps: d.maps, features: len(d.features), noise: j.record.Steps, seed: j.Seed, raw: make([]float64, len(columns)), mapped: make([]float64, len(columns))}
	f.limit(slices.Concat(d.mapped.Train, d.mapped.Valid))
	var err error
	f.rows, err = stream.Open(stream.Config{
		Files: d.files.Only(columns), Count: rows, Want: events, Seed: j.Seed,
		Held: int(min(maxHeld, max(minRows, memory.Budget(j.Read.Memory)/8/int64(8*len(columns))))),
		Keep: func(number int64, row []float64) bool { return j.partOf(number) == forTraining && f.within(row) },
	})
	if err != nil {
		return nil, err
	}
	passes := math.Ceil(float64(events) / float64(rows) * float64(f.rows.Passes()))
	what := "file"
	if n := d.files.Len(); n > 1 {
		what = fmt.Sprintf("%d files", n)
	}
	n := table.NoteOf("training sees about %d training rows %.3g times, and reads the %s %.0f times for it, at most", rows, d.streamed.Passes, what, passes)
	if events < rows {
		n.Remedies = []table.Remedy{{Do: "to see each once", Option: OptionSteps, Values: []string{fmt.Sprint((rows + j.fit.BatchSize - 1) / j.fit.BatchSize)}}}
	}
	j.Note(n)
	return f, nil
}

// feed is the stream of the training rows with noise, behind the maps.
type feed struct {
	rows     *stream.Rows
	maps     columns.Map
	features int
	noise    []float64 // see Record.Steps
	seed     int64
	given    uint64    // rows so far
	middle   []float64 // of the mapped columns of the sample, [D+C]
	most     []float64 // distance from there
	out      int       // rows of the first pass that are farther out

	raw, mapped []float64
}

// limit sets how far out a row may be: as far as none of a sample that has no outliers
// could be, see findOutliers.
func (f *feed) limit(sample [][]float64) {
	values := make([]float64, len(sample))
	for j := range f.raw {
		for i, row := range sample {
			values[i] = row[j]
		}
		middle, spread := stat.MeanStdDev(values, nil)
		farthest := 0.0
		for _, v := range values {
			farthest = max(farthest, math.Abs(v-middle))
		}
		f.middle, f.most = append(f.middle, middle), append(f.most, max(outlierDistance*spread, outlierGap*farthest))
	}
}

// within reports whether a row can be trained on: the model has a density there, and it is
// not far out.
func (f *feed) within(row []float64) bool {
	copy(f.mapped, row)
	ok := !math.IsInf(f.maps.Apply(f.mapped[:f.features], row[:f.features]), 0)
	for j, v := range f.mapped {
		ok = ok && math.Abs(v-f.middle[j]) <= f.most[j]
	}
	if !ok && f.rows.Pass() == 0 {
		f.out++
	}
	return ok
}

// Next implements [fit.Stream].
func (f *feed) Next(rows [][]float64) error {
	for _, row := range rows {
		if err := f.rows.Next(f.raw); err != nil {
			return err
		}
		if f.noise != nil {
			rng := rand.New(rand.NewPCG(uint64(f.seed), f.given)) // so that a resumed run adds the same
			for j, step := range f.noise {
				if step > 0 {
					f.raw[j] += step * (rng.Float64() - 0.5)
				}
			}
		}
		f.given++
		copy(row, f.raw)
		f.maps.Apply(row[:f.features], f.raw[:f.features])
	}
	return nil
}

// Skip implements [fit.Stream].
func (f *feed) Skip(n int) error {
	f.given += uint64(n)
	return f.rows.Skip(n)
}

// close closes the file and warns of rows that were left out.
func (j *job) close(f *feed) {
	f.rows.Close()
	if f.out > 0 {
		j.warn(table.NoteOf("%d training rows lie far outside of all rows of the sample, or where the model has no density: they were left out of training", f.out))
	}
}

// rowsRead describes the table that was read.
func (d *data) rowsRead() string {
	rows := fmt.Sprintf("%d rows", d.source.Rows)
	if d.streamed != nil {
		rows = fmt.Sprintf("a sample of %d of %d rows", d.source.Rows, d.streamed.Rows)
	}
	return show.Path(d.name) + ": " + rows
}
