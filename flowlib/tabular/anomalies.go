package tabular

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/table"
	"normflow/internal/show"
)

// AnomalyOptions says which rows to flag.
type AnomalyOptions struct {
	Options
	FalseAlarm float64 // share of normal rows that may be flagged
	Labels     string  // a column of 0 or false for normal rows, another number or true for anomalies; "" if there is none
	// Calibration is a table of normal rows that the fit has not seen. Rows are compared
	// with these instead of the rows held out at the fit; "" compares with the latter.
	Calibration string
}

// Anomalies describes the rows that were flagged.
type Anomalies struct {
	Model string `json:"model"`
	Out   string `json:"out"`
	Seen
	Same       bool    `json:"same_file"` // the table is the one the model was fitted to
	FalseAlarm float64 `json:"false_alarm"`
	Calibrated int     `json:"calibrated"` // number of normal rows compared with
	// Score says what the scores are: balanced log-density, see [Balanced], or log-density.
	Score     string `json:"score"`
	Threshold Nats   `json:"threshold"` // rows of a lower score are flagged, nats
	Flagged   int64  `json:"flagged"`
	// Least is the lowest false-alarm rate that the normal rows can promise: no p-value
	// is lower. If FalseAlarm is, Promised is false and nothing is flagged.
	Least    float64 `json:"least_false_alarm"`
	Promised bool    `json:"promised"`
	Labels   *Judged `json:"labels,omitempty"`
	// Strangest holds at most ten flagged rows, lowest score first; if nothing can
	// be flagged, ten of all rows.
	Strangest []Strange `json:"strangest"`
}

// Strange describes one of the strangest rows.
type Strange struct {
	Line    int64    `json:"line"` // or row, see Seen.Unit
	LogProb Nats     `json:"log_prob"`
	Score   Nats     `json:"score"`
	PValue  float64  `json:"p_value"`
	Drivers []Driver `json:"drivers"` // the columns responsible, strongest first

	row []float64 // [D+C]
}

// Nats is a log-density, or a difference of two. JSON has null where it is infinite.
type Nats float64

// MarshalJSON implements [json.Marshaler].
func (n Nats) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// maxStrangest is how many rows a report lists.
const maxStrangest = 10

// Anomalies writes the log-density, the score and the conformal p-value of each row of a table, and
// flags it if p is at most FalseAlarm. Of rows exchangeable with those held out at the
// fit, that share is flagged. The last column, drivers, names the columns that make a
// flagged row strange. No rate below Least can be promised: then no row is flagged, a
// warning says so, and Strangest still lists the strangest rows.
func (m *Model) Anomalies(ctx context.Context, file, out string, o AnomalyOptions) (*Anomalies, error) {
	a := &Anomalies{Model: m.Dir, Out: out, FalseAlarm: o.FalseAlarm, Strangest: []Strange{}}
	if slices.Contains(m.Columns(), o.Labels) {
		return nil, table.InFile(file, wrong(OptionLabels, "column %s is one of the model's: expected another, of labels", show.Quoted(o.Labels)))
	}
	w := output{path: out, file: file, columns: []string{LogProbColumn, "score", "p_value", "anomaly"}, notes: []string{"drivers"}, dropKept: !o.Keep}
	defer w.abort()
	calibration := o // keeps no columns
	if err := w.check(&o.Options, m.Dir, file, o.Calibration); err != nil {
		return nil, err
	}
	if !(o.FalseAlarm > 0 && o.FalseAlarm < 1) {
		return nil, wrong(OptionFalseAlarm, "expected a share of the normal rows between 0 and 1, found %g", o.FalseAlarm)
	}
	normal, err := m.calibration(ctx, calibration)
	if err != nil {
		return nil, err
	}
	warnings := normal.warnings
	warnings = append(warnings, a.promise(normal.scores)...)
	candidates, err := m.typical()
	if err != nil {
		return nil, err
	}
	labels := &labels{column: o.Labels, file: file}
	if o.Labels != "" && !o.Keep {
		o.Read.Keep = []string{o.Labels}
	}
	begin := func(r *table.Reader) error {
		labels.unit = unit(r.Format())
		if err := labels.find(r); err != nil {
			return err
		}
		return w.begin(r)
	}
	by := Balanced{m}
	a.Score = "balanced log-density"
	if by.isLogProb() {
		a.Score = "log-density"
	}
	var scores, upper []float64
	a.Seen, err = m.each(ctx, file, Options{Read: o.Read}, nil, begin, func(c *table.Chunk, logProb []float64) error {
		normal.meet(c)
		scores = append(scores[:0], logProb...)
		by.fromLogProb(scores, c.Matrix())
		upper = append(upper[:0], scores...)
		for i, s := range upper {
			upper[i] += slack(s)
		}
		p, err := anomaly.PValues(normal.scores, upper)
		if err != nil {
			return err
		}
		drivers, err := m.flaggedDrivers(c, p, o.FalseAlarm, candidates)
		if err != nil {
			return err
		}
		for i, lp := range logProb {
			flag := 0.0
			if p[i] <= o.FalseAlarm {
				flag = 1
				a.Flagged++
			}
			if flag == 1 || !a.Promised {
				a.Strangest = append(a.Strangest, Strange{c.Lines[i], Nats(lp), Nats(scores[i]), p[i], drivers[i], c.Row(i)})
			}
			if err := labels.add(c, i, scores[i], flag == 1); err != nil {
				return err
			}
			if err := w.write(c, i, []float64{lp, scores[i], p[i], flag}, text(drivers[i])); err != nil {
				return err
			}
		}
		a.keepStrangest()
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.Matched.Ignored = slices.DeleteFunc(a.Matched.Ignored, func(name string) bool { return name == o.Labels })
	if !a.Promised {
		if err := m.explain(a.Strangest, candidates); err != nil {
			return nil, err
		}
	}
	if o.Labels != "" {
		if a.Labels, err = labels.judge(); err != nil {
			return nil, err
		}
	}
	if a.Same, err = m.same(a.Seen); err != nil {
		return nil, err
	}
	met, err := normal.metWarning(a.Seen)
	if err != nil {
		return nil, err
	}
	a.Warnings = append(slices.Concat(warnings, met, a.Warnings), m.movedFlags(a, labels)...)
	if a.Same {
		a.Warnings = append(a.Warnings, table.NoteOf("%s: the model was fitted to these rows: those that it knows are flagged less often", show.Path(file)))
	}
	return a, w.commit()
}

// promise sets the threshold by the sorted scores of normal rows, and returns a
// warning if no row can be flagged.
func (a *Anomalies) promise(calibration []float64) (warning []table.Note) {
	m := len(calibration)
	a.Calibrated, a.Least = m, anomaly.Least(m)
	k := anomaly.Rank(m, a.FalseAlarm)
	if a.Promised = k > 0; !a.Promised {
		a.Threshold = Nats(math.Inf(-1))
		needed := math.Ceil(1/a.FalseAlarm-1e-9) - 1
		least := roundUp(a.Least)
		return []table.Note{{
			Says: fmt.Sprintf("%d normal rows to compare with can promise no rate of false alarms below %.4g: no row is flagged at %g, the strangest are listed", m, a.Least, a.FalseAlarm),
			Remedies: []table.Remedy{
				{Do: fmt.Sprintf("from %g on rows can be flagged", least), Option: OptionFalseAlarm, Values: []string{fmt.Sprint(least)}},
				{Do: fmt.Sprintf("with a table of at least %.0f normal rows", needed), Option: OptionCalibration},
			},
		}}
	}
	a.Threshold = Nats(calibration[k-1])
	a.Threshold -= Nats(slack(float64(a.Threshold)))
	return nil
}

// roundUp rounds a positive number up to three significant digits.
func roundUp(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Ceil(v/unit) / math.Round(1/unit)
}

// keepStrangest keeps the strangest rows so far, as copies: rows of a chunk share its
// memory.
func (a *Anomalies) keepStrangest() {
	slices.SortStableFunc(a.Strangest, func(a, b Strange) int { return cmp.Compare(a.Score, b.Score) })
	a.Strangest = a.Strangest[:min(len(a.Strangest), maxStrangest)]
	for i := range a.Strangest {
		a.Strangest[i].row = slices.Clone(a.Strangest[i].row)
	}
}

// explain finds the drivers of the strangest rows if no row is flagged.
func (m *Model) explain(strangest []Strange, candidates [][]float64) error {
	var rows [][]float64
	for _, s := range strangest {
		rows = append(rows, s.row)
	}
	drivers, err := m.drivers(rows, candidates)
	for i := range strangest {
		strangest[i].Drivers = drivers[i]
	}
	return err
}

// flaggedDrivers returns the drivers of each row of a chunk, nil for rows not flagged.
func (m *Model) flaggedDrivers(c *table.Chunk, p []float64, falseAlarm float64, candidates [][]float64) ([][]Driver, error) {
	var rows [][]float64
	var at []int
	for i := range c.Len() {
		if p[i] <= falseAlarm {
			rows, at = append(rows, c.Row(i)), append(at, i)
		}
	}
	all := make([][]Driver, c.Len())
	found, err := m.drivers(rows, candidates)
	for k, drivers := range found {
		all[at[k]] = drivers
	}
	return all, err
}

// slack returns by how many nats two scores of the same row may differ because two
// engines or processors rounded them. Closer values count as tied; otherwise rows that
// equal many held-out rows, such as rows of whole numbers, would be flagged or not by
// their last digit. It can only raise p-values, so the false-alarm rate holds.
func slack(score float64) float64 {
	if math.IsInf(score, 0) {
		return 0
	}
	return 5e-5 * max(1, math.Abs(score)) // engines differ by this much at spikes of a density; by 1e-5 elsewhere
}
