package tabular

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"normflow/internal/show"
)

// parseRecord returns nil for a record of another program, and an error for one of ours
// that does not fit a model of the given sizes: nothing in an edited file is believed
// unless it can be true.
func parseRecord(text json.RawMessage, features, context int) (*Record, error) {
	var head struct {
		Kind string `json:"kind"`
	}
	if json.Unmarshal(text, &head) != nil || head.Kind != recordKind {
		return nil, nil
	}
	r := &Record{}
	err := json.Unmarshal(text, r)
	if err == nil {
		err = r.checkNulls(text)
	}
	if err == nil {
		err = r.check(features, context)
	}
	if err != nil {
		return nil, fmt.Errorf("model.json: training: %w: the file is edited or damaged: fit the model again", err)
	}
	return r, nil
}

// checkNulls refuses null where the record has a number, a text or a list: Go would read
// it as 0 or empty.
func (r *Record) checkNulls(text json.RawMessage) error {
	again, err := json.Marshal(r)
	if err != nil {
		return err
	}
	var found, read any
	if err := json.Unmarshal(text, &found); err != nil {
		return err
	}
	if err := json.Unmarshal(again, &read); err != nil {
		return err
	}
	return nulls("", found, read)
}

// nulls compares the JSON found with what was read from it.
func nulls(path string, found, read any) error {
	visit := func(key string, found, read any) error {
		if found == nil && read != nil {
			return fmt.Errorf("%s is null", show.Name(path+key))
		}
		return nulls(path+key+".", found, read)
	}
	switch found := found.(type) {
	case map[string]any:
		read, _ := read.(map[string]any)
		for key, value := range found {
			other, known := read[key]
			if !known && value == nil { // an empty list that is left out
				other = false
			}
			if err := visit(key, value, other); err != nil {
				return err
			}
		}
	case []any:
		read, _ := read.([]any)
		for i, value := range found[:min(len(found), len(read))] {
			if err := visit(strconv.Itoa(i), value, read[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// check checks every list of the record against the sizes of the model, and every number
// against what a fit can have written.
func (r *Record) check(features, context int) error {
	columns := features + context
	balanced := 0
	if r.Spreads != nil {
		balanced = len(r.Calibration.Scores)
	}
	lists := []struct {
		name     string
		length   int
		want     int
		notThere bool // the right length of optional lists
	}{
		{"features", len(r.Features), features, false},
		{"context", len(r.Context), context, false},
		{"dequantised", len(r.Steps), columns, r.Steps == nil},
		{"spreads", len(r.Spreads), features, r.Spreads == nil},
		{"typical", len(r.Typical), features, false},
		{"quartiles", len(r.Quartiles), columns, r.Quartiles == nil},
		{"context_values", len(r.ContextValues), context, r.ContextValues == nil},
		{"summary.columns", len(r.Summary.Columns), columns, false},
		{"calibration.scores", len(r.Calibration.Scores), min(r.heldOut(), maxCalibration) - r.Calibration.Zero, false},
		{"calibration.balanced", len(r.Calibration.Balanced), balanced, false},
	}
	for _, l := range lists {
		if l.length != l.want && !l.notThere {
			return fmt.Errorf("%s: found a list of %d, expected %d", l.name, l.length, l.want)
		}
	}
	for _, err := range []error{r.checkColumns(), r.checkContextTexts(), r.checkSplit(), r.checkScores(), r.checkNumbers()} {
		if err != nil {
			return err
		}
	}
	return nil
}

// heldOut returns how many rows the scores were taken from.
func (r *Record) heldOut() int {
	if r.Calibration.Part == "valid" {
		return r.Split.Valid
	}
	return r.Split.Test
}

// judged returns how many rows the validation NLL covers.
func (r *Record) judged() int {
	if r.Folds > 0 {
		return r.Split.Train + r.Split.Valid
	}
	return r.Split.Valid
}

func (r *Record) checkColumns() error {
	names := slices.Concat(r.Features, r.Context)
	for i, name := range names {
		if name == "" || slices.Index(names, name) != i {
			return fmt.Errorf("features and context: the name %s is empty or twice there", show.Quoted(name))
		}
		c := r.Summary.Columns[i]
		if c.Name != name {
			return fmt.Errorf("summary.columns: number %d is %s, expected %s", i+1, show.Quoted(c.Name), show.Quoted(name))
		}
		rounding := 1e-9 * (math.Abs(c.Min) + math.Abs(c.Max))
		if !(c.Min <= c.Mean+rounding && c.Mean <= c.Max+rounding && c.Min <= c.Max && c.Std >= 0) || c.Distinct < 1 || c.N < 1 || c.Step < 0 || c.TopN < 1 {
			return fmt.Errorf("summary.columns: the figures of %s contradict each other", show.Quoted(name))
		}
	}
	for i, step := range r.Steps {
		if grid := r.Summary.Columns[i].Step; step != 0 && step != grid {
			return fmt.Errorf("dequantised: found %g for %s, expected 0 or its step %g", step, show.Quoted(names[i]), grid)
		}
	}
	for name, lists := range map[string][][]float64{"typical": r.Typical, "quartiles": r.Quartiles, "context_values": r.ContextValues} {
		for i, values := range lists {
			if name == "context_values" {
				i += len(r.Features)
			}
			c := r.Summary.Columns[i]
			outside := func(v float64) bool { return v < c.Min || v > c.Max }
			if !slices.IsSorted(values) || slices.ContainsFunc(values, outside) || name == "quartiles" && len(values) != 3 || name == "typical" && len(values) == 0 {
				return fmt.Errorf("%s: found %s, expected numbers of the column %s in order", name, numbers(values), show.Quoted(c.Name))
			}
		}
	}
	if !slices.IsSorted(r.Sketch) {
		return fmt.Errorf("sketch: expected numbers in order")
	}
	return nil
}

func (r *Record) checkSplit() error {
	s, rows := r.Split, int64(r.Source.Rows)
	if r.Streamed != nil {
		rows = r.Streamed.Rows
	}
	switch {
	case r.Streamed != nil && (rows < int64(r.Source.Rows) || !(r.Streamed.Passes >= 0)):
		return fmt.Errorf("streamed: found %d rows, seen %g times, with a sample of %d", rows, r.Streamed.Passes, r.Source.Rows)
	case s.Train < 1 || s.Valid < 1 || s.Test < 0 || s.Train+s.Valid+s.Test != r.Source.Rows || r.Source.Dropped < 0 || r.Source.Missing < 0 || r.Source.Weightless < 0 || r.Source.Outliers < 0:
		return fmt.Errorf("split: found %d, %d and %d rows of %d, %d, %d and %d left out", s.Train, s.Valid, s.Test, r.Source.Rows, r.Source.Dropped, r.Source.Weightless, r.Source.Outliers)
	case r.Summary.Rows != rows || r.Summary.Compared < 1 || r.Summary.Repeats < 0 || r.Summary.Repeats > r.Summary.Compared:
		return fmt.Errorf("summary: found %d rows, %d repeats of %d, in a table of %d rows", r.Summary.Rows, r.Summary.Repeats, r.Summary.Compared, rows)
	case (r.Test != nil) != (s.Test > 0):
		return fmt.Errorf("test: found an NLL without rows, or rows without an NLL: %d rows", s.Test)
	}
	return nil
}

func (r *Record) checkScores() error {
	want := "test"
	if r.Split.Test == 0 {
		want = "valid"
	}
	if r.Calibration.Part != want {
		return fmt.Errorf("calibration.part: found %s, expected %q", show.Quoted(r.Calibration.Part), want)
	}
	if r.Calibration.Zero < 0 {
		return fmt.Errorf("calibration.zero: found %d rows", r.Calibration.Zero)
	}
	for name, scores := range map[string][]float64{"scores": r.Calibration.Scores, "balanced": r.Calibration.Balanced} {
		if !slices.IsSorted(scores) {
			return fmt.Errorf("calibration.%s: expected numbers in order, the lowest first", name)
		}
	}
	return nil
}

func (r *Record) checkNumbers() error {
	nlls := []struct {
		name string
		nll  *NLL
		rows int
	}{{"train", &r.Train, r.Split.Train + r.Split.Valid}, {"valid", &r.Valid, r.judged()}, {"test", r.Test, r.Split.Test}}
	for _, n := range nlls {
		if n.nll == nil {
			continue
		}
		bits := n.nll.Mean / float64(len(r.Features)) / math.Ln2
		if !(n.nll.SE >= 0) || !(math.Abs(n.nll.BitsPerDim-bits) <= 1e-6*(1+math.Abs(bits))) {
			return fmt.Errorf("%s: found %g ± %g nats and %g bits per dimension, which contradict each other", n.name, n.nll.Mean, n.nll.SE, n.nll.BitsPerDim)
		}
		if n.nll.Zero < 0 || n.nll.Zero > int64(n.rows) {
			return fmt.Errorf("%s: found %d rows of density 0 among %d", n.name, n.nll.Zero, n.rows)
		}
	}
	last := -1
	for _, p := range r.Result.Curve {
		if p.Step <= last {
			return fmt.Errorf("result.curve: found step %d after %d, expected them in order", p.Step, last)
		}
		if last = p.Step; p.Zero < 0 {
			return fmt.Errorf("result.curve: found %d rows of density 0 at step %d", p.Zero, p.Step)
		}
	}
	if b := r.Result.BestStep; b < 0 || b > r.Fit.Steps {
		return fmt.Errorf("result.best_step: found %d, expected 0 to %d", b, r.Fit.Steps)
	}
	return r.checkCompared()
}

// checkCompared checks that the shares of the compared densities sum to 1.
func (r *Record) checkCompared() error {
	sum := 0.0
	for _, c := range r.Compared {
		if c.Name == "" || !(c.Weight >= 0 && c.Weight <= 1) || c.SE < 0 || c.BehindSE < 0 || c.Parameters < 0 || c.Zero < 0 || c.Zero > r.Split.Train+r.Split.Valid {
			return fmt.Errorf("compared: the figures of %s cannot be", show.Quoted(c.Name))
		}
		sum += c.Weight
	}
	if len(r.Compared) > 0 && !(math.Abs(sum-1) < 1e-6) || r.Folds < 0 {
		return fmt.Errorf("compared: found weights that sum to %g in %d folds, expected 1", sum, r.Folds)
	}
	return nil
}
