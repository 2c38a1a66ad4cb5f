package tabular

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/table"
	"normflow/internal/nearest"
	"normflow/internal/show"
)

// Judged compares flags with labels.
type Judged struct {
	Normal           int     `json:"normal"`
	Anomalous        int     `json:"anomalous"`
	FalseAlarms      float64 `json:"false_alarms"` // share of the normal rows flagged
	Detected         float64 `json:"detected"`     // share of the anomalies flagged
	AUROC            float64 `json:"auroc"`
	AveragePrecision float64 `json:"average_precision"`
}

// labels collects the scores of normal and anomalous rows.
type labels struct {
	column, file      string
	unit              string // what counts the rows of the file
	at                int    // index among the kept columns
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
		return table.InFile(l.file, wrong(OptionLabels, "%s", nearest.Unknown("column", l.column, kept)))
	}
	return nil
}

func (l *labels) add(c *table.Chunk, row int, score float64, flagged bool) error {
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
		return &table.Error{
			File: l.file, Unit: l.unit, Line: c.Lines[row], Column: l.column,
			Found: show.Quoted(found), Expected: "0 or false for a normal row, another number or true for an anomaly",
			Remedies: []table.Remedy{{Do: "correct it"}, {Do: "name another column", Option: OptionLabels}},
		}
	case v == 0:
		l.normal = append(l.normal, score)
		if flagged {
			l.falseAlarms++
		}
	default:
		l.anomalous = append(l.anomalous, score)
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
		return nil, l.all("marks all %d rows as normal (0 or false): expected another number than 0, or true, in the rows that are anomalies", j.Normal)
	case j.Normal == 0:
		return nil, l.all("marks all %d rows as anomalies (a number other than 0, or true): expected 0 or false in the normal rows", j.Anomalous)
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

// all returns an error about the whole column.
func (l *labels) all(format string, args ...any) error {
	return table.InFile(l.file, wrong(OptionLabels, "column %s "+format, append([]any{show.Quoted(l.column)}, args...)...))
}
