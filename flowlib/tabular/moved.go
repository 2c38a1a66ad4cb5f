package tabular

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// quartiles returns the three quartiles of each column of rows.
func quartiles(rows [][]float64) [][]float64 {
	if len(rows) == 0 {
		return nil
	}
	all := make([][]float64, len(rows[0]))
	for j := range all {
		values := columnOf(rows, j)
		slices.Sort(values)
		if len(values) == 0 { // all are missing
			all[j] = slices.Repeat([]float64{math.NaN()}, 3)
			continue
		}
		for _, p := range []float64{0.25, 0.5, 0.75} {
			all[j] = append(all[j], stat.Quantile(p, stat.Empirical, values, nil))
		}
	}
	return all
}

// moved is a column whose values lie elsewhere than at the fit.
type moved struct {
	text string
	by   float64 // in spreads at the fit
}

// movedColumns compares the sample of a table with the rows of the fit, and returns the
// columns whose median has left the middle half of the fit or that are spread far wider,
// farthest first.
func (m *Model) movedColumns(w *watch) (all []moved) {
	r := m.Record
	if r == nil || len(r.Quartiles) == 0 || len(w.sample) == 0 {
		return nil
	}
	for j, now := range quartiles(w.sample) {
		if m.levelsOf(j) != nil || j >= len(m.Features) && isText(m.contextTexts(), j-len(m.Features)) {
			continue
		}
		then := r.Quartiles[j]
		if math.IsNaN(now[1]) {
			continue
		}
		spread, spreadNow := then[2]-then[0], now[2]-now[0]
		if now[1] >= then[0] && now[1] <= then[2] && !(spread > 0 && spreadNow > 5*spread) {
			continue
		}
		text := fmt.Sprintf("column %s has the median %.6g, at the fit %.6g", show.Quoted(slices.Concat(m.Features, m.Context)[j]), now[1], then[1])
		times := now[1] / then[1]
		switch {
		case times > 0 && (times >= 3 || times <= 1./3) && !math.IsInf(times, 0) && (spread == 0 || isNear(spreadNow/spread, times)):
			if times >= 1 {
				text += fmt.Sprintf(", about %s times as large: other units?", about(times))
			} else {
				text += fmt.Sprintf(", about %s times smaller: other units?", about(1/times))
			}
		case spread > 0 && spreadNow > 2*spread:
			text += fmt.Sprintf(", and is spread about %s times as wide", about(spreadNow/spread))
		}
		if spread == 0 {
			spread = r.Summary.Columns[j].Std
		}
		all = append(all, moved{text, max(math.Abs(now[1]-then[1]), spreadNow) / spread})
	}
	slices.SortStableFunc(all, func(a, b moved) int { return cmp.Compare(b.by, a.by) })
	return all
}

// isNear reports whether two positive numbers are within a factor of two of each other.
func isNear(a, b float64) bool { return a <= 2*b && b <= 2*a }

// movedWarning says what has changed if far more of n rows are strange than the share
// expected; "" otherwise. said describes these rows.
func (m *Model) movedWarning(w *watch, file, said string, strange, n int64, expected float64) string {
	share := float64(strange) / float64(n)
	if !(strange >= 5 && share >= 0.1 && share >= 5*expected) && !(share == 1 && strange >= 3 && expected <= 0.1) {
		return ""
	}
	columns := m.movedColumns(w)
	if share < 0.5 && columns == nil { // these may all be anomalies
		return ""
	}
	text := fmt.Sprintf("%s: %.3g %% of the rows are %s: they are other rows than those of the fit", show.Path(file), 100*share, said)
	const most = 3
	for i, c := range columns {
		if i == most {
			return text + fmt.Sprintf("; and %d columns more", len(columns)-most)
		}
		text += "; " + c.text
	}
	return text
}

// about shows a factor to two digits.
func about(factor float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(factor, 'e', 1, 64), 64)
	if rounded >= 10 && rounded < 1e7 {
		return strconv.FormatFloat(rounded, 'f', 0, 64)
	}
	return strconv.FormatFloat(rounded, 'g', -1, 64)
}

// moved warns if most rows of a table are strange to the model.
func (m *Model) moved(seen Seen) []table.Note {
	return one(m.movedWarning(seen.watch, seen.File, "less likely than nearly all that were held out at the fit", seen.watch.strange, seen.Rows, seen.watch.expected))
}

// movedFlags warns if far more rows are flagged than was asked for: of the normal rows,
// if labels tell which they are.
func (m *Model) movedFlags(a *Anomalies, l *labels) []table.Note {
	flagged, n, which := a.Flagged, a.Rows, "flagged"
	if l.column != "" {
		flagged, n, which = int64(l.falseAlarms), int64(len(l.normal)), "false alarms, of those labelled normal,"
	}
	if !a.Promised {
		return m.moved(a.Seen)
	}
	return one(m.movedWarning(a.watch, a.File, fmt.Sprintf("%s at a rate of %g %%", which, 100*a.FalseAlarm), flagged, n, a.FalseAlarm))
}

// one returns a warning as a list, empty if it is "".
func one(warning string) []table.Note {
	if warning == "" {
		return nil
	}
	return []table.Note{{Says: warning}}
}
