package tabular

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/table"
)

// AnomalyOptions says what to flag.
type AnomalyOptions struct {
	Options
	FalseAlarm float64 // share of normal rows that may be flagged
	Labels     string  // a column of 0 or false for normal rows, another number or true for anomalies; "" has none
	// Calibration is a table of normal rows that the fit has not seen, to compare with
	// in place of those that it held out; "" takes these.
	Calibration string
}

// Anomalies says what was flagged.
type Anomalies struct {
	Model string `json:"model"`
	Out   string `json:"out"`
	Seen
	Same       bool    `json:"same_file"` // the table is the one the model was fitted to
	FalseAlarm float64 `json:"false_alarm"`
	Calibrated int     `json:"calibrated"` // normal rows compared with
	Threshold  Nats    `json:"threshold"`  // rows of a lower log-density are flagged, nats
	Flagged    int64   `json:"flagged"`
	Labels     *Judged `json:"labels,omitempty"`
	// Strangest are the flagged rows of the lowest log-density, at most ten.
	Strangest []Strange `json:"strangest"`
}

// Judged compares flags with labels.
type Judged struct {
	Normal           int     `json:"normal"`
	Anomalous        int     `json:"anomalous"`
	FalseAlarms      float64 `json:"false_alarms"` // share of the normal rows flagged
	Detected         float64 `json:"detected"`     // share of the anomalies flagged
	AUROC            float64 `json:"auroc"`
	AveragePrecision float64 `json:"average_precision"`
}

// Strange is a flagged row.
type Strange struct {
	Line    int64    `json:"line"` // or row, see Seen.Unit
	LogProb Nats     `json:"log_prob"`
	PValue  float64  `json:"p_value"`
	Drivers []Driver `json:"drivers"` // the columns that drive it, the first most
}

// Driver is a column that makes a row strange: by how much the log-density would rise
// if it had the value expected.
type Driver struct {
	Column   string  `json:"column"`
	Value    float64 `json:"value"`
	Expected float64 `json:"expected"`
	Gain     Nats    `json:"gain"`
}

func (d Driver) String() string {
	return fmt.Sprintf("%s is %.6g, not %.6g (%+.1f nats)", d.Column, d.Value, d.Expected, d.Gain)
}

// Nats is a log-density or a difference of such; in JSON it is null where infinite.
type Nats float64

// MarshalJSON implements [json.Marshaler].
func (n Nats) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

const (
	maxStrangest = 10
	maxDrivers   = 3   // of a row
	minGain      = 0.5 // nats: less is no driver
)

// Anomalies writes, for each row of a table, its log-density, its conformal p-value and
// whether it is an anomaly: p at most FalseAlarm. Of rows exchangeable with those held
// out at the fit, that share is flagged. The last column, drivers, says in words which
// columns make a flagged row strange.
func (m *Model) Anomalies(ctx context.Context, file, out string, o AnomalyOptions) (*Anomalies, error) {
	a := &Anomalies{Model: m.Dir, Out: out, FalseAlarm: o.FalseAlarm, Strangest: []Strange{}}
	if slices.Contains(m.Columns(), o.Labels) {
		return nil, fmt.Errorf("%s: --labels: column %q is one of the model's: expected another, of labels", file, o.Labels)
	}
	if err := checkOut(o.Calibration, out); err != nil {
		return nil, err
	}
	calibration, err := m.calibration(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := anomaly.CheckRate(len(calibration), o.FalseAlarm); err != nil {
		return nil, fmt.Errorf("%w; choose a larger --false-alarm, or name a table of more normal rows with --calibration", err)
	}
	a.Calibrated = len(calibration)
	a.Threshold = Nats(calibration[anomaly.Rank(len(calibration), o.FalseAlarm)-1])
	a.Threshold -= Nats(slack(float64(a.Threshold)))
	candidates, err := m.typical()
	if err != nil {
		return nil, err
	}
	w := output{path: out, columns: []string{LogProbColumn, "p_value", "anomaly"}, notes: []string{"drivers"}, dropKept: !o.Keep}
	defer w.abort()
	if err := w.check(file, &o.Options); err != nil {
		return nil, err
	}
	labels := &labels{column: o.Labels}
	where := ""
	if o.Labels != "" && !o.Keep {
		o.Read.Keep = []string{o.Labels}
	}
	begin := func(r *table.Reader) error {
		where = unit(r)
		if err := labels.find(r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		return w.begin(r)
	}
	var upper []float64
	a.Seen, err = m.each(ctx, file, o.Read, nil, begin, func(c *table.Chunk, logProb []float64) error {
		upper = append(upper[:0], logProb...)
		for i, lp := range upper {
			upper[i] += slack(lp)
		}
		p, err := anomaly.PValues(calibration, upper)
		if err != nil {
			return err
		}
		drivers, err := m.drivers(c, p, o.FalseAlarm, candidates)
		if err != nil {
			return err
		}
		for i, lp := range logProb {
			flag := 0.0
			if p[i] <= o.FalseAlarm {
				flag = 1
				a.Flagged++
				a.Strangest = append(a.Strangest, Strange{c.Lines[i], Nats(lp), p[i], drivers[i]})
			}
			if err := labels.add(c, i, lp, flag == 1); err != nil {
				return fmt.Errorf("%s: %s %d, %w", file, where, c.Lines[i], err)
			}
			if err := w.write(c, i, []float64{lp, p[i], flag}, text(drivers[i])); err != nil {
				return err
			}
		}
		slices.SortStableFunc(a.Strangest, func(a, b Strange) int { return cmp.Compare(a.LogProb, b.LogProb) })
		a.Strangest = a.Strangest[:min(len(a.Strangest), maxStrangest)]
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.Matched.Ignored = slices.DeleteFunc(a.Matched.Ignored, func(name string) bool { return name == o.Labels })
	if a.Same, err = m.same(file); err != nil {
		return nil, err
	}
	if o.Labels != "" {
		if a.Labels, err = labels.judge(); err != nil {
			return nil, fmt.Errorf("%s: --labels: column %q %w", file, o.Labels, err)
		}
	}
	return a, w.commit()
}

// slack is by how much, in nats, two log-densities of one row may differ that were
// rounded by two engines, or on two processors: that of the fit and this one. What is
// closer counts as tied, or rows equal to many of those held out, as rows of whole
// numbers are, would be flagged or not by their last digit. P-values grow by it, if
// anything, so that the rate of false alarms holds.
func slack(logProb float64) float64 {
	if math.IsInf(logProb, 0) {
		return 0
	}
	return 2e-5 * max(1, math.Abs(logProb)) // twice what engines differ by at most
}

// calibration returns the sorted log-densities of normal rows.
func (m *Model) calibration(ctx context.Context, o AnomalyOptions) ([]float64, error) {
	if o.Calibration == "" {
		if m.Record == nil {
			return nil, fmt.Errorf("%s: the model has no record of rows held out when it was fitted: name a table of such normal rows with --calibration", m.Dir)
		}
		return m.Record.Calibration.Scores, nil
	}
	var scores []float64
	_, err := m.each(ctx, o.Calibration, o.Read, nil, nil, func(_ *table.Chunk, logProb []float64) error {
		scores = append(scores, logProb...)
		return nil
	})
	slices.Sort(scores)
	return scores, err
}

// typical returns values of each feature that are normal: those of the rows of the
// fit, or of draws where there is no record of them.
func (m *Model) typical() ([][]float64, error) {
	if m.Record != nil && len(m.Record.Typical) == len(m.Features) {
		return m.Record.Typical, nil
	}
	if len(m.Context) > 0 {
		return make([][]float64, len(m.Features)), nil // no draws without a context
	}
	g, err := m.graph("fast")
	if err != nil {
		return nil, err
	}
	draws, err := g.Sample(0, 1000)
	return anomaly.Candidates(draws, len(m.Features), typicalValues(len(m.Features))), err
}

// typicalValues is how many values of each column are tried: fewer in wide tables.
func typicalValues(features int) int { return min(32, max(5, 1000/features)) }

// drivers finds out what drives the rows of a chunk that are flagged.
func (m *Model) drivers(c *table.Chunk, p []float64, falseAlarm float64, candidates [][]float64) ([][]Driver, error) {
	var events [][]float64
	var at []int
	for i := range c.Len() {
		if p[i] <= falseAlarm {
			events, at = append(events, c.Row(i)), append(at, i)
		}
	}
	all := make([][]Driver, c.Len())
	found, err := anomaly.Drivers(func(rows [][]float64) ([]float64, error) {
		out := make([]float64, len(rows))
		return out, m.LogProb(out, slices.Concat(rows...))
	}, events, candidates)
	for k, drivers := range found {
		for _, d := range drivers[:min(maxDrivers, len(drivers))] {
			if d.Gain >= minGain {
				all[at[k]] = append(all[at[k]], Driver{m.Features[d.Column], events[k][d.Column], d.Expected, Nats(d.Gain)})
			}
		}
	}
	return all, err
}

func text(drivers []Driver) string {
	var all []string
	for _, d := range drivers {
		all = append(all, d.String())
	}
	return strings.Join(all, "; ")
}

// labels gather the log-densities of normal and anomalous rows.
type labels struct {
	column            string
	at                int // among the kept columns
	normal, anomalous []float64
	falseAlarms, hits int
}

func (l *labels) find(r *table.Reader) error {
	if l.column == "" {
		return nil
	}
	kept := namesOf(r.Kept())
	l.at = slices.Index(kept, l.column)
	if l.at < 0 {
		return fmt.Errorf("--labels: there is no column %q; there are: %s", l.column, list(kept))
	}
	return nil
}

func (l *labels) add(c *table.Chunk, row int, logProb float64, flagged bool) error {
	if l.column == "" {
		return nil
	}
	found := strings.TrimSpace(c.Text(row)[l.at])
	v, err := strconv.ParseFloat(found, 64)
	if b, errBool := strconv.ParseBool(found); err != nil && errBool == nil {
		err = nil
		if b {
			v = 1
		}
	}
	switch {
	case err != nil || math.IsNaN(v):
		return fmt.Errorf("column %q: found %q, expected 0 or false for a normal row, another number or true for an anomaly: correct it, or name another column with --labels", l.column, found)
	case v == 0:
		l.normal = append(l.normal, logProb)
		if flagged {
			l.falseAlarms++
		}
	default:
		l.anomalous = append(l.anomalous, logProb)
		if flagged {
			l.hits++
		}
	}
	return nil
}

func (l *labels) judge() (*Judged, error) {
	j := &Judged{Normal: len(l.normal), Anomalous: len(l.anomalous)}
	switch {
	case j.Anomalous == 0:
		return nil, fmt.Errorf("marks all %d rows as normal (0 or false): expected another number than 0, or true, in the rows that are anomalies", j.Normal)
	case j.Normal == 0:
		return nil, fmt.Errorf("marks all %d rows as anomalies (a number other than 0, or true): expected 0 or false in the normal rows", j.Anomalous)
	}
	var err error
	if j.AUROC, err = anomaly.AUROC(l.normal, l.anomalous); err != nil {
		return nil, err
	}
	if j.AveragePrecision, err = anomaly.AveragePrecision(l.normal, l.anomalous); err != nil {
		return nil, err
	}
	j.FalseAlarms = float64(l.falseAlarms) / float64(len(l.normal))
	j.Detected = float64(l.hits) / float64(len(l.anomalous))
	return j, nil
}
