package tabular

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"normflow/flowlib/density"
	"normflow/flowlib/flow"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// SampleConfig says what to draw.
type SampleConfig struct {
	Count       int
	Seed        int64   // the same seed gives the same rows on the same engine
	Temperature float64 // multiplies the spread of the base; 1 draws from the model itself
	LogProb     bool    // adds a last column log_prob, nats, under the model at temperature 1

	// A conditional model needs one of these: a value for each column of context, or a
	// table whose rows are the contexts of one draw each (Count is then ignored).
	Condition     map[string]float64
	ConditionFile string
	Read          table.Options // of ConditionFile

	// Warn receives warnings about contexts that the fit has not seen; may be nil.
	Warn func(table.Note)
}

// Sample writes draws to a table, features first, then the context, and returns their
// number.
func (m *Model) Sample(ctx context.Context, out string, c SampleConfig) (rows int, err error) {
	if c.Count < 1 && c.ConditionFile == "" {
		return 0, wrong(OptionCount, "expected at least 1 row to draw, found %d", c.Count)
	}
	if !(c.Temperature > 0) || math.IsInf(c.Temperature, 0) {
		return 0, wrong(OptionTemperature, "expected a positive temperature, found %g", c.Temperature)
	}
	if err := checkTable(out, m.Dir, c.ConditionFile); err != nil {
		return 0, err
	}
	contexts, err := m.contexts(c)
	if err != nil {
		return 0, err
	}
	var more []string
	if c.LogProb {
		more = []string{LogProbColumn}
	}
	w, err := m.newDrawTable(out, table.Dialect{NoHeader: c.Read.Header == table.HeaderNo}, more...)
	if err != nil {
		return 0, err
	}
	defer w.Abort()
	decimals := m.decimals()
	write := func(x []float64, context []float64, logProb float64) error {
		for j, v := range x {
			if x[j] = m.written(j, v, decimals[j]); v == flow.Missing {
				x[j] = math.NaN()
			}
		}
		row := append(x[:len(x):len(x)], inFile(m.contextTexts(), context)...)
		if c.LogProb {
			row = append(row, rounded(logProb, 6))
		}
		rows++
		return w.row(row)
	}
	if err := m.draw(ctx, c, contexts, write); err != nil {
		return rows, err
	}
	return rows, w.Commit()
}

// draw draws for a chunk of contexts at a time.
func (m *Model) draw(ctx context.Context, c SampleConfig, contexts contextSource, write func(x, context []float64, logProb float64) error) error {
	drawn := 0
	for part := int64(0); ; part++ {
		rows, err := contexts()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		s := flow.Sampling{Seed: partSeed(c.Seed, part), Count: c.Count, Temperature: c.Temperature, LogProb: c.LogProb, Context: rows}
		if c.ConditionFile != "" {
			s.Count = len(rows)
		}
		at := 0
		for draws, err := range m.engine.DrawChunks(s) {
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("stopped after %d draws: %w", drawn, err)
			}
			drawn += len(draws.X)
			contextOf := func(i int) []float64 {
				switch len(rows) {
				case 0:
					return nil
				case 1:
					return rows[0]
				}
				return rows[at+i]
			}
			if m.ontoGrid(draws.X) && c.LogProb {
				whole := make([][]float64, len(draws.X))
				for i, x := range draws.X {
					whole[i] = slices.Concat(x, contextOf(i))
				}
				if draws.LogProb, err = density.LogProb(m, whole); err != nil {
					return err
				}
			}
			for i, x := range draws.X {
				context := contextOf(i)
				logProb := 0.0
				if c.LogProb {
					logProb = draws.LogProb[i]
				}
				if err := write(x, context, logProb); err != nil {
					return err
				}
			}
			at += len(draws.X)
		}
	}
}

// partSeed returns the seed for one part of a file of contexts. People choose nearby
// seeds, and parts are numbered in sequence: if the two were just added, the second part
// of seed 1 would repeat the first of seed 2.
func partSeed(seed, part int64) int64 { return seed + part*0x2545f4914f6cdd1d }

// contextSource returns the contexts of the next draws, or one for all draws, and io.EOF
// after the last.
type contextSource func() ([][]float64, error)

// contexts returns the source of the contexts of the draws.
func (m *Model) contexts(c SampleConfig) (contextSource, error) {
	once := func(rows [][]float64) contextSource {
		done := false
		return func() ([][]float64, error) {
			if done {
				return nil, io.EOF
			}
			done = true
			return rows, nil
		}
	}
	isGiven := len(c.Condition) > 0 || c.ConditionFile != ""
	switch {
	case len(m.Context) == 0 && isGiven:
		return nil, wrong(OptionCondition, "the model is of p(%s) and takes no condition", list(m.Features))
	case len(m.Context) == 0:
		return once(nil), nil
	case !isGiven:
		return nil, wrong(OptionCondition, "the model is of p(%s | %s): give a value for each of the latter, as in %s=1.5, or a file of such columns", list(m.Features), list(m.contextColumns()), show.Name(m.contextColumns()[0]))
	case c.ConditionFile != "":
		return m.contextFile(c)
	}
	row := make([]float64, len(m.Context))
	left := len(c.Condition)
	for j, name := range m.Context {
		v, ok := c.Condition[name]
		if !ok || v-v != 0 {
			return nil, wrong(OptionCondition, "expected finite values for %s, found %s", list(m.Context), given(c.Condition))
		}
		row[j] = v
		left--
	}
	if left > 0 {
		return nil, wrong(OptionCondition, "expected values for %s alone, found %s", list(m.Context), given(c.Condition))
	}
	watched := m.watchContext()
	for i := range watched {
		watched[i].add(row, 0)
		if w := &watched[i]; w.outside+w.between > 0 {
			c.warn(table.NoteOf("condition: %s=%g %s", show.Name(w.column), w.first, w.unseen()))
		}
	}
	return once([][]float64{row}), nil
}

// given formats a condition.
func given(condition map[string]float64) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(condition)) {
		all = append(all, fmt.Sprintf("%s=%g", show.Name(name), condition[name]))
	}
	return strings.Join(all, ",")
}

// contextFile reads contexts a chunk at a time.
func (m *Model) contextFile(c SampleConfig) (contextSource, error) {
	var matched Matched
	o := c.Read
	var err error
	if o.Missing, err = m.readMissing(o.Missing); err != nil { // no context misses a value
		return nil, err
	}
	texts, columns := &textsReader{model: m}, m.contextColumns()
	o.Coder, o.Choose, o.Settled, o.Names = texts.coder, match(columns, columns, false, nil, &matched), true, columns
	r, err := table.Open(c.ConditionFile, o)
	if err != nil {
		return nil, err
	}
	watched := m.watchContext()
	return func() ([][]float64, error) {
		chunk, err := r.Next()
		if err != nil {
			r.Close() //nolint:errcheck // it was only read
			for i := range watched {
				c.warn(one(watched[i].warning(c.ConditionFile, unit(r.Format())))...)
			}
			c.warn(r.Notes()...)
			return nil, err
		}
		if chunk, err = texts.expand(chunk, c.ConditionFile, unit(r.Format())); err != nil {
			r.Close() //nolint:errcheck // as above
			return nil, err
		}
		rows := density.Rows(chunk.Matrix())
		for k, row := range rows {
			for i := range watched {
				watched[i].add(row, chunk.Lines[k])
			}
		}
		return rows, nil
	}, nil
}

// warn passes warnings on if somebody listens.
func (c SampleConfig) warn(notes ...table.Note) {
	for _, n := range notes {
		if c.Warn != nil {
			c.Warn(n)
		}
	}
}
