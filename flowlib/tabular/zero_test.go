package tabular

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/fitplace"
	"normflow/flowlib/table"
)

// A row held out so far away that it has density 0 costs the training nothing: the model
// is saved, a warning counts such rows and says what the NLL of the others is, and every
// command goes on with the model.
func TestHeldOutRowOfDensityZero(t *testing.T) {
	for _, tt := range []struct {
		name        string
		test, valid int // rows far away
		engine      string
	}{
		{"a test row", 1, 0, "auto"}, {"two test rows", 2, 0, "auto"}, {"a validation row", 0, 1, "auto"}, {"a validation row, graph", 0, 1, "go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var notes []string
			place, err := fitplace.Take(filepath.Join(t.TempDir(), "model"), maxFlows)
			if err != nil {
				t.Fatal(err)
			}
			defer place.Leave()
			j := &job{FitConfig: small(), Progress: Progress{Note: func(n table.Note) { notes = append(notes, n.String()) }}, place: place}
			j.Engine = tt.engine
			if err := j.prepare(write(t, "moons.csv", []string{"a", "b"}, moons(1, 1000))); err != nil {
				t.Fatal(err)
			}
			for i := range tt.test { // after the reading, which sets such rows aside where it sees them
				j.data.raw.Test[i][0], j.data.noisy.Test[i][0] = 1e60, 1e60
			}
			for i := range tt.valid {
				j.data.raw.Valid[i][0], j.data.noisy.Valid[i][0], j.data.mapped.Valid[i][0] = 1e60, 1e60, 1e60
			}
			if err := j.train(context.Background()); err != nil {
				t.Fatal(err)
			}
			for _, p := range j.record.Result.Curve {
				if p.Zero != tt.valid || !(math.Abs(p.Valid) < 10) {
					t.Errorf("a point of the curve is %+v, want %d rows of density 0", p, tt.valid)
				}
			}
			if err := j.judge(); err != nil {
				t.Fatal(err)
			}
			if err := j.save(); err != nil {
				t.Fatal(err)
			}
			m := open(t, place.Dir, "auto")
			r, part, nll, zero := m.Record, "test", *m.Record.Test, tt.test
			if tt.valid > 0 {
				part, nll, zero = "validation", r.Valid, tt.valid
			}
			want := fmt.Sprintf("%d of the 100 %s rows have density 0 (log_prob -Inf), which makes the NLL of all infinite: that of the others is %.4f ± ", zero, part, nll.Mean)
			if warned(t, tt.name, r.Warnings, want); !strings.Contains(strings.Join(notes, "\n"), "warning: "+want) {
				t.Errorf("noted %q, want %q", notes, want)
			}
			if nll.Zero != int64(zero) || math.Abs(nll.Mean-r.Train.Mean) > 0.5 || !strings.Contains(nll.String(), fmt.Sprint("but for rows of density 0: ", zero)) {
				t.Errorf("the NLL is %+v, %s, that of the training rows %v", nll, nll, r.Train)
			}
			if c := r.Calibration; c.Zero != tt.test || len(c.Scores) != 100-tt.test || math.IsInf(c.Scores[0], 0) || len(c.all()) != 100 || !slices.IsSorted(c.all()) {
				t.Errorf("calibration by %+v", c)
			}
			if tt.test == 2 {
				goesOn(t, m)
			}
		})
	}
}

// goesOn checks that each command takes a model that has seen two of 100 rows of density
// 0 held out, on rows with and without one.
func goesOn(t *testing.T, m *Model) {
	t.Helper()
	for _, far := range []int{0, 1} {
		rows := moons(3, 300)
		for i := range far {
			rows[i][0] = 1e60
		}
		file := write(t, "new.csv", []string{"a", "b"}, rows)
		seen, err := m.Score(context.Background(), file, filepath.Join(t.TempDir(), "o.csv"), Options{})
		if err != nil || seen.Zero != int64(far) || (seen.NLL == nil) != (far > 0) {
			t.Errorf("score: %+v, %v", seen, err)
		}
		// Of 100 rows two have no density: no p-value is below 3 in 101.
		a, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: 2.5 / 101})
		if err != nil || a.Flagged != 0 || !math.IsInf(float64(a.Threshold), -1) {
			t.Errorf("anomaly: %+v, %v", a, err)
		}
		a, err = m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: 3. / 101})
		if err != nil || a.Flagged < 2 || a.Flagged > 20 || a.Strangest[0].PValue != 3./101 || math.IsInf(float64(a.Strangest[0].LogProb), -1) != (far > 0) {
			t.Errorf("anomaly: %+v, %v", a, err)
		}
		e, err := m.Evaluate(context.Background(), file, Options{}, 1)
		if err != nil || e.HeldOut.Zero != 2 || (e.NLL == nil) != (far > 0) {
			t.Errorf("eval: %+v, %v", e, err)
		}
		if err := m.WritePage(filepath.Join(t.TempDir(), "page.html"), e); err != nil {
			t.Error(err)
		}
		for _, v := range []any{seen, a, e} {
			if _, err := json.Marshal(v); err != nil {
				t.Error(err)
			}
		}
	}
}
