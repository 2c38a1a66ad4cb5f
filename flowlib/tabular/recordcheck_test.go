package tabular

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/flow"
)

// mutations of a value: what may stand in its place in a record that was edited or is
// damaged. The first is that it is not there at all.
type missing struct{}

func mutations(v any) []any {
	all := []any{missing{}, nil, "NaN", map[string]any{}, []any{}, -7.5, true}
	switch v := v.(type) {
	case float64:
		all = append(all, -v-1, v+1, 1e300)
	case []any:
		if len(v) > 0 {
			all = append(all, append(v[:len(v):len(v)], v[0]), v[1:], append([]any{v[len(v)-1]}, v[1:]...))
		}
	case string:
		all = append(all, v+"x", "")
	}
	return all
}

// eachMutant calls do with every record that has one value changed; of a list the
// first and the last are.
func eachMutant(whole any, at any, path string, set func(any), do func(path string, to any)) {
	for _, to := range mutations(at) {
		set(to)
		do(path, to)
	}
	set(at)
	switch at := at.(type) {
	case map[string]any:
		for key, value := range at {
			eachMutant(whole, value, path+"."+key, func(v any) {
				if at[key] = v; v == (missing{}) {
					delete(at, key)
				}
			}, do)
		}
	case []any:
		for _, i := range []int{0, len(at) - 1} {
			if i >= 0 && i < len(at) {
				eachMutant(whole, at[i], fmt.Sprintf("%s.%d", path, i), func(v any) {
					if at[i] = v; v == (missing{}) {
						at[i] = nil
					}
				}, do)
			}
		}
	}
}

// A record with any one value changed is refused by a line that names model.json, or
// changes nothing of what is said of a table; nothing panics.
func TestEditedRecords(t *testing.T) {
	rows := moons(1, 1000)
	for i, row := range rows {
		rows[i] = []float64{row[0], float64(int(4 * row[1])), float64(i % 3)}
	}
	columns := []string{"a", "b", "c"}
	c := small()
	c.Layers, c.Steps = 1, 40
	dir := filepath.Join(t.TempDir(), "model")
	conditional := filepath.Join(t.TempDir(), "model")
	file := write(t, "t.csv", columns, rows)
	c.Exclude = []string{"c"}
	if _, err := Fit(context.Background(), file, dir, c, Progress{}); err != nil {
		t.Fatal(err)
	}
	c.ConditionOn, c.Exclude = []string{"c"}, nil
	if _, err := Fit(context.Background(), file, conditional, c, Progress{}); err != nil {
		t.Fatal(err)
	}
	judged := write(t, "new.csv", columns, rows[:40])
	// says is all that is said of a table, but for what the record says of the fit itself.
	says := func(saved flow.Mixture) (string, error) {
		m, err := newModel(dir, &saved)
		if err != nil {
			return "", err
		}
		if err := m.start("go"); err != nil { // which compiles in no time: this starts hundreds of models
			return "", err
		}
		a, err := m.Anomalies(context.Background(), judged, "", AnomalyOptions{FalseAlarm: 0.05})
		if err != nil {
			return "", err
		}
		e, err := m.Evaluate(context.Background(), judged, Options{}, 1)
		if err != nil {
			return "", err
		}
		m.pictures(e)
		return fmt.Sprint(a.Flagged, a.Promised, a.Threshold, a.Strangest, e.NLL), nil
	}
	for _, dir := range []string{dir, conditional} {
		saved, err := flow.ReadMixture(dir)
		if err != nil {
			t.Fatal(err)
		}
		want, err := says(*saved)
		if err != nil {
			t.Fatal(err)
		}
		var record any
		if err := json.Unmarshal(saved.Training, &record); err != nil {
			t.Fatal(err)
		}
		tried, refused := 0, 0
		eachMutant(record, record, "", func(any) {}, func(path string, to any) {
			text, err := json.Marshal(record)
			if err != nil {
				t.Fatal(err)
			}
			if path == "" || path == ".kind" && to != (missing{}) && to != nil {
				return // another program's record
			}
			if path == ".dequantised" && to == (missing{}) {
				return // as of a table without grids
			}
			tried++
			mutant := *saved
			mutant.Training = text
			got, err := says(mutant)
			switch {
			case err != nil:
				refused++
				if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "model.json: training: ") && path != ".kind" {
					t.Errorf("%s = %v: got %v", path, to, err)
				}
			case got != want && path != ".kind":
				t.Errorf("%s = %v is believed: it says\n%s\nwant\n%s", path, to, got, want)
			}
		})
		t.Logf("%d records, %d refused", tried, refused)
		if tried < 500 || refused < tried/2 {
			t.Errorf("%d records, %d refused: the test does not do what it says", tried, refused)
		}
	}
}

// Lists that are too long or too short, and scores that cannot be, are named.
func TestRecordsThatContradictTheModel(t *testing.T) {
	dir, _ := fitted(t, small())
	saved, err := flow.ReadMixture(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		change func(r *Record)
		want   string
	}{
		{func(r *Record) { r.Steps = []float64{0.1, 0.1, 0.1} }, "dequantised: found a list of 3, expected 2"},
		{func(r *Record) { r.Typical = r.Typical[:1] }, "typical: found a list of 1, expected 2"},
		{func(r *Record) { r.Quartiles[1] = r.Quartiles[1][:2] }, "quartiles: found"},
		{func(r *Record) { r.Context = []string{"c"} }, "context: found a list of 1, expected 0"},
		{func(r *Record) { r.Summary.Columns = r.Summary.Columns[:1] }, "summary.columns: found a list of 1, expected 2"},
		{func(r *Record) { s := r.Calibration.Scores; s[0], s[99] = s[99], s[0] }, "calibration.scores: expected numbers in order"},
		{func(r *Record) { r.Calibration.Scores = r.Calibration.Scores[1:] }, "calibration.scores: found a list of 99, expected 100"},
		{func(r *Record) { s := r.Calibration.Balanced; s[0], s[99] = s[99], s[0] }, "calibration.balanced: expected numbers in order"},
		{func(r *Record) { r.Calibration.Balanced = nil }, "calibration.balanced: found a list of 0, expected 100"},
		{func(r *Record) { r.Spreads = r.Spreads[1:] }, "spreads: found a list of 1, expected 2"},
		{func(r *Record) { r.Spreads[0].File[0] = 9 }, "spreads: column \"a\": found"},
		{func(r *Record) { r.Calibration.Part = "train" }, `calibration.part: found "train", expected "test"`},
		{func(r *Record) { r.Split.Train++ }, "split: found 801, 100 and 100 rows of 1000"},
		{func(r *Record) { r.Source.Weightless = -1 }, "split: found 800, 100 and 100 rows of 1000, 0, -1 and 0 left out"},
		{func(r *Record) { r.Features = []string{"a", "a"} }, `features and context: the name "a" is empty or twice there`},
		{func(r *Record) { r.Test.SE = -1 }, "test: found"},
	} {
		r, err := parseRecord(saved.Training, 2, 0)
		if err != nil {
			t.Fatal(err)
		}
		// As of a model whose columns have maps.
		r.Spreads = []Spread{{"a", [2]float64{-1, 1}, [2]float64{-1, 1}}, {"b", [2]float64{0, 2}, [2]float64{0, 2}}}
		r.Calibration.Balanced = slices.Clone(r.Calibration.Scores)
		tt.change(r)
		if saved.Training, err = json.Marshal(r); err != nil {
			t.Fatal(err)
		}
		if _, err := newModel(dir, saved); err == nil || !strings.HasPrefix(err.Error(), "model.json: training: "+tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
		if saved, err = flow.ReadMixture(dir); err != nil {
			t.Fatal(err)
		}
	}
}
