package tabular

import (
	"context"
	"fmt"
	"slices"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// normalRows are the rows that a table is compared with.
type normalRows struct {
	scores   []float64 // sorted, see [Balanced]
	warnings []table.Note

	file, sum string // of their table; "" for rows held out at the fit
	// different holds fingerprints of up to maxDifferent of them, unless rows often
	// repeat; met counts the judged rows among them.
	different map[uint64]bool
	met       int64
}

const maxDifferent = 1_000_000

// calibration reads the table of normal rows, or takes the scores in the record.
func (m *Model) calibration(ctx context.Context, o AnomalyOptions) (*normalRows, error) {
	n := &normalRows{file: o.Calibration}
	if o.Calibration == "" {
		if m.Record == nil {
			return nil, &table.Error{
				File: m.Dir, Problem: "the model has no record of rows held out when it was fitted",
				Remedies: []table.Remedy{{Do: "name a table of such normal rows", Option: OptionCalibration}},
			}
		}
		n.scores = m.Record.Calibration.forAnomalies()
		return n, nil
	}
	rare := m.Record == nil || !m.Record.manyRepeats()
	different, compared := map[uint64]bool{}, 0
	seen, err := m.each(ctx, o.Calibration, Options{Read: o.Read}, nil, nil, func(c *table.Chunk, logProb []float64) error {
		Balanced{m}.fromLogProb(logProb, c.Matrix())
		n.scores = append(n.scores, logProb...)
		for i := range c.Len() {
			if len(different) < maxDifferent {
				different[fingerprint(c.Row(i))] = true
				compared++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(n.scores) == 0 {
		return nil, fmt.Errorf("%s: has no row: expected normal rows to compare with", show.Name(o.Calibration))
	}
	slices.Sort(n.scores)
	if n.sum, err = sum(o.Calibration); err != nil {
		return nil, err
	}
	n.warnings = slices.Concat(seen.Warnings, m.moved(seen))
	say := func(format string, args ...any) {
		n.warnings = append(n.warnings, table.NoteOf("%s: "+format, append([]any{show.Path(o.Calibration)}, args...)...))
	}
	if rare {
		n.different = different
		if 20*(compared-len(different)) > compared {
			say("only %d of %d rows for calibration are different: p-values and rates of false alarms hold for independent rows, and are as coarse as by %d: take each row once", len(different), compared, len(different))
		}
	}
	switch same, err := m.same(seen); {
	case err != nil:
		return nil, err
	case same:
		say("the model was fitted to these rows for calibration, which it finds likelier than new ones: p-values are too small, and more normal rows are flagged than the rate says: take rows that the fit has not seen")
	}
	return n, nil
}

// meet counts the rows of a chunk that are among the normal rows.
func (n *normalRows) meet(c *table.Chunk) {
	if n.different == nil {
		return
	}
	for i := range c.Len() {
		if n.different[fingerprint(c.Row(i))] {
			n.met++
		}
	}
}

// metWarning warns if the judged rows are themselves the normal rows.
func (n *normalRows) metWarning(judged Seen) ([]table.Note, error) {
	if n.file == "" {
		return nil, nil
	}
	sum, err := sum(judged.File)
	if err != nil {
		return nil, err
	}
	const harm = "a row compared with itself is never stranger than all, so that anomalies may be missed: take other normal rows"
	switch {
	case sum != "" && sum == n.sum || n.met > 0 && n.met == judged.Rows:
		return one(fmt.Sprintf("%s: the table that is judged is that for calibration: %s", show.Path(n.file), harm)), nil
	case 20*n.met > judged.Rows:
		return one(fmt.Sprintf("%s: %d of the %d rows that are judged are rows for calibration: %s", show.Path(n.file), n.met, judged.Rows, harm)), nil
	}
	return nil, nil
}
