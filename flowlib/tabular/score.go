package tabular

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// Options says how to read a table that a model is to judge.
type Options struct {
	Read table.Options // Header, Delimiter, Missing, Array; the columns are the model's
	// Weights is the name of the column of the rows' weights for Evaluate; if "", all rows
	// count the same.
	Weights string
	Keep    bool // write the file's columns before the new ones
}

// Seen describes a table that was judged.
type Seen struct {
	File    string  `json:"file"`
	Format  string  `json:"format"`
	Unit    string  `json:"unit"` // what counts the rows: line of a CSV, row of another format
	Rows    int64   `json:"rows"`
	Missing int64   `json:"missing,omitempty"` // rows that miss a value, which the model knows
	Dropped int64   `json:"dropped"`           // rows left out for a missing value
	Matched Matched `json:"matched"`
	Engine  string  `json:"engine"`
	// NLL is the mean of -log p over the rows; absent if infinite.
	NLL *NLL `json:"nll,omitempty"`
	// Zero counts rows of density 0, log_prob -Inf.
	Zero int64 `json:"zero"`
	// Warnings say what may be wrong with the table or with its results, a sentence each.
	Warnings []table.Note `json:"warnings"`

	watch *watch
}

// each scores a table chunk by chunk. It calls begin before the first chunk, and for each
// chunk noise, which may change the rows, and do, with their log-densities. begin and
// noise may be nil.
func (m *Model) each(ctx context.Context, file string, options Options, noise func(rows [][]float64), begin func(r *table.Reader) error, do func(c *table.Chunk, logProb []float64) error) (Seen, error) {
	seen := Seen{File: file, Engine: m.Engine, Warnings: []table.Note{}, watch: m.newWatch()}
	o := options.Read
	var err error
	if o.Missing, err = m.readMissing(o.Missing); err != nil {
		return seen, err
	}
	texts := &textsReader{model: m, features: len(m.Features)}
	o.Coder, o.Choose, o.Settled, o.Names = texts.coder, match(m.Columns(), m.Features, m.unnamed, o.Keep, &seen.Matched), true, m.Columns()
	o.Choose = chooseWeights(options.Weights, o.Choose)
	r, err := table.Open(file, o)
	if err != nil {
		return seen, err
	}
	defer r.Close()
	seen.Unit = unit(r.Format())
	var total sums
	var kept keys
	var logProb []float64
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return seen, fmt.Errorf("stopped after %d rows of %s: %w", seen.Rows, show.Path(file), err)
		}
		c, err := r.Next()
		if err != nil && err != io.EOF {
			return seen, err
		}
		if first && begin != nil {
			if err := begin(r); err != nil {
				return seen, err
			}
		}
		if err == io.EOF {
			break
		}
		var weights []float64
		if options.Weights != "" {
			c, weights = c.SplitLast()
			for i, w := range weights {
				if err := checkWeight(w, options.Weights, file, seen.Unit, c.Lines[i]); err != nil {
					return seen, err
				}
			}
		}
		if c, err = texts.expand(c, file, seen.Unit); err != nil {
			return seen, err
		}
		if o.Missing == table.MissingKeep {
			markMissing(density.Rows(c.Matrix()))
		}
		seen.watch.see(c)
		kept.see(r, c)
		if noise != nil {
			noise(density.Rows(c.Matrix()))
		}
		logProb = append(logProb[:0], make([]float64, c.Len())...)
		if err := m.LogProbTo(logProb, c.Matrix()); err != nil {
			var nan *flow.NaNError
			if errors.As(err, &nan) {
				return seen, fmt.Errorf("%s: %s %d: the log-density of %v is NaN: the weights of the model are broken: fit it again", show.Path(file), seen.Unit, c.Lines[nan.Row], show.Value(nan.X))
			}
			return seen, fmt.Errorf("%s: from %s %d on: %w", show.Path(file), seen.Unit, c.Lines[0], err)
		}
		for i, lp := range logProb {
			total.add(lp, weightOf(weights, i))
		}
		seen.watch.score(logProb)
		seen.Rows += int64(c.Len())
		if err := do(c, logProb); err != nil {
			return seen, err
		}
	}
	if options.Weights != "" {
		if seen.Rows > 0 && total.n+total.zero == 0 {
			return seen, noWeight(file, options.Weights)
		}
		seen.Matched.Ignored = slices.DeleteFunc(seen.Matched.Ignored, func(name string) bool { return name == options.Weights })
	}
	for _, c := range seen.watch.conditions {
		seen.Warnings = append(seen.Warnings, one(c.warning(file, seen.Unit))...)
	}
	seen.Warnings = append(seen.Warnings, m.unknownLevels(seen)...)
	seen.Warnings = append(append(seen.Warnings, r.Notes()...), kept.warnings(file)...)
	seen.Dropped, seen.Format, seen.Zero = r.Dropped(), r.Format(), total.zero
	if o.Missing == table.MissingKeep {
		seen.Dropped, seen.Missing = 0, seen.Dropped
	}
	if nll, err := total.nll(m.Saved.Features()); err == nil && nll.Zero == 0 {
		seen.NLL = &nll
	}
	return seen, nil
}

// unit returns what a chunk's Lines count.
func unit(format string) string {
	if strings.HasPrefix(format, "CSV") {
		return "line"
	}
	return "row"
}

// LogProbColumn is the name of the column that Score writes.
const LogProbColumn = "log_prob"

// Score writes the log-density of each row of a table, in nats, to the column log_prob of
// another table, in the same order. "-" is standard input or output.
func (m *Model) Score(ctx context.Context, file, out string, o Options) (Seen, error) {
	w := output{path: out, file: file, columns: []string{LogProbColumn}}
	defer w.abort()
	if err := w.check(&o, m.Dir, file); err != nil {
		return Seen{}, err
	}
	seen, err := m.each(ctx, file, o, nil, w.begin, func(c *table.Chunk, logProb []float64) error {
		for i, lp := range logProb {
			if err := w.write(c, i, []float64{lp}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return seen, err
	}
	seen.Warnings = append(seen.Warnings, m.moved(seen)...)
	return seen, w.commit()
}

// output is a table to write, in the dialect of the table that is read: its kept columns,
// new columns of numbers, and notes.
type output struct {
	*table.Writer
	path     string // "" writes nothing
	file     string // that is read
	columns  []string
	notes    []string
	dropKept bool // the kept columns are for the caller only
}

// check returns an error, before any work, if the output would overwrite an input or
// cannot be written, and asks for the columns of the table.
func (w *output) check(o *Options, reads ...string) error {
	if o.Keep {
		o.Read.Keep = []string{"*"}
	}
	return checkTable(w.path, reads...)
}

// checkTable returns the error that writing a table to path would end with; "" writes
// nothing.
func checkTable(path string, reads ...string) error {
	if path != "" {
		if err := table.CheckOut(path); err != nil {
			return err
		}
	}
	return checkOut(path, reads...)
}

// checkOut is checkTable for a file of any format.
func checkOut(path string, reads ...string) error {
	if path == "" {
		return nil
	}
	if err := whole.Apart(path, reads...); err != nil || table.IsStdout(path) {
		return err
	}
	if err := whole.Check(path); err != nil {
		return fmt.Errorf("%s: cannot be written: %w", show.Path(path), err)
	}
	return nil
}

func (w *output) begin(r *table.Reader) error {
	if w.path == "" {
		return nil
	}
	dialect := r.Dialect()
	dialect.Single = true // models compute in float32
	var kept []table.Column
	if !w.dropKept {
		kept = r.Kept()
	}
	for _, c := range kept {
		if slices.Contains(w.columns, c.Name) || slices.Contains(w.notes, c.Name) {
			return table.InFile(w.file, &table.Error{
				Problem:  fmt.Sprintf("has a column %s, as the one that is to be added", show.Quoted(c.Name)),
				Remedies: []table.Remedy{{Do: "rename it"}, {Do: "keep no columns"}},
			})
		}
	}
	var err error
	w.Writer, err = table.Create(w.path, kept, w.columns, dialect, w.notes...)
	return err
}

func (w *output) write(c *table.Chunk, row int, values []float64, notes ...string) error {
	if w.Writer == nil {
		return nil
	}
	var kept []string
	if !w.dropKept {
		kept = c.Text(row)
	}
	return w.Write(kept, values, notes...)
}

func (w *output) commit() error {
	if w.Writer == nil {
		return nil
	}
	return w.Commit()
}

func (w *output) abort() {
	if w.Writer != nil {
		w.Abort()
	}
}
