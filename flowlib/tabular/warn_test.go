package tabular

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

// judged is what Anomalies says of rows, by the small model of two moons.
func judged(t *testing.T, m *Model, rows [][]float64, o AnomalyOptions) *Anomalies {
	t.Helper()
	if o.FalseAlarm == 0 {
		o.FalseAlarm = 0.05
	}
	a, err := m.Anomalies(context.Background(), write(t, "new.csv", []string{"a", "b"}, rows), "", o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// warned checks that there is exactly one warning, with these words; none if there are none.
func warned(t *testing.T, about string, warnings []table.Note, words ...string) {
	t.Helper()
	if len(words) == 0 && len(warnings) > 0 || len(words) > 0 && len(warnings) != 1 {
		t.Errorf("%s: got the warnings %q, want one with %q", about, warnings, words)
		return
	}
	for _, word := range words {
		if !strings.Contains(warnings[0].String(), word) || strings.Contains(warnings[0].String(), "\n") {
			t.Errorf("%s: got %q, want %q in it", about, warnings[0], word)
		}
	}
}

// A rate that the rows held out cannot promise flags nothing, and lists what is strangest.
func TestRateThatCannotBePromised(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	rows := moons(5, 300)
	rows[7][1] += 6
	for _, rate := range []float64{0.009, 1e-5} { // of 100 held out, 1/101 is the least
		a := judged(t, m, rows, AnomalyOptions{FalseAlarm: rate})
		if a.Promised || a.Flagged != 0 || len(a.Strangest) != maxStrangest || a.Strangest[0].Line != 9 || a.Least != 1./101 || a.Strangest[0].PValue != a.Least {
			t.Errorf("at %g: %+v", rate, a)
		}
		if d := a.Strangest[0].Drivers; len(d) == 0 || d[0].Column != "b" {
			t.Errorf("driven by %v", d)
		}
		if !slices.IsSortedFunc(a.Strangest, func(x, y Strange) int { return int(x.Score - y.Score) }) {
			t.Errorf("not in order: %v", a.Strangest)
		}
		warned(t, "at a low rate", a.Warnings, "100 normal rows to compare with can promise no rate of false alarms below 0.009901: no row is flagged", "from 0.00991 on rows can be flagged")
		if text, err := json.Marshal(a); err != nil || !strings.Contains(string(text), `"threshold":null`) || !strings.Contains(string(text), `"promised":false`) {
			t.Errorf("%v in %s", err, text)
		}
	}
	if a := judged(t, m, rows, AnomalyOptions{FalseAlarm: 0.00991}); !a.Promised || a.Flagged == 0 {
		t.Errorf("at the rate that the warning names: %+v", a)
	}
}

func TestRoundUp(t *testing.T) {
	for _, m := range []int{1, 2, 3, 9, 10, 11, 42, 98, 99, 100, 999, 12345, 20000} {
		v := 1 / float64(m+1)
		if up := roundUp(v); !(up >= v && up <= 1.01*v) || len(fmt.Sprint(up)) > 9 {
			t.Errorf("%g becomes %g", v, up)
		}
	}
}

func TestWarningsOfCalibration(t *testing.T) {
	dir, r := fitted(t, small())
	m := open(t, dir, "auto")
	few := moons(6, 20)
	repeated := slices.Repeat(few, 20)
	file := func(rows [][]float64) string {
		return write(t, "calibration.parquet", []string{"b", "a"}, swapped(rows))
	}
	known := readAll(t, r.Source.File).Rows
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
	fresh := moons(8, 300)
	for _, tt := range []struct {
		name              string
		calibration, rows [][]float64
		want              string
	}{
		{"fresh", moons(6, 400), fresh, ""},
		{"repeated", repeated, fresh, "only 20 of 400 rows for calibration are different"},
		{"a third repeated", append(moons(6, 200), moons(6, 100)...), fresh, "only 200 of 300 rows"},
		{"of the fit, in another order and format", known, fresh, "the model was fitted to these rows for calibration"},
		{"some of the fit", known[:300], fresh, "the model was fitted to these rows for calibration"},
		{"those judged", fresh, fresh, "the table that is judged is that for calibration"},
		{"some of those judged", fresh[:30], fresh, "30 of the 300 rows that are judged are rows for calibration"},
	} {
		a := judged(t, m, tt.rows, AnomalyOptions{FalseAlarm: 0.1, Calibration: file(tt.calibration)})
		if tt.want == "" {
			warned(t, tt.name, a.Warnings)
		} else {
			warned(t, tt.name, a.Warnings, tt.want)
		}
	}
	a := judged(t, m, known, AnomalyOptions{})
	if warned(t, "judging the rows of the fit", a.Warnings, "the model was fitted to these rows"); !a.Same {
		t.Error("not known again")
	}
}

func swapped(rows [][]float64) (all [][]float64) {
	for _, row := range rows {
		all = append(all, []float64{row[1], row[0]})
	}
	return all
}

// Rows of a table of whole numbers equal each other, and it means nothing.
func TestNoWarningOfRowsThatRepeatByNature(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	dice := func(n int) (rows [][]float64) {
		for range n {
			rows = append(rows, []float64{float64(rng.IntN(3)), float64(rng.IntN(4))})
		}
		return rows
	}
	dir := filepath.Join(t.TempDir(), "model")
	if _, err := Fit(context.Background(), write(t, "t.csv", []string{"a", "b"}, dice(1000)), dir, small(), Progress{}); err != nil {
		t.Fatal(err)
	}
	m := open(t, dir, "auto")
	a := judged(t, m, dice(500), AnomalyOptions{Calibration: write(t, "c.csv", []string{"a", "b"}, dice(500))})
	warned(t, "dice", a.Warnings)
	if a.Same {
		t.Error("fresh rows are taken for those of the fit")
	}
}

// A column in other units, or shifted, is named, by every command.
func TestWarningsOfAChangedTable(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	changed := func(change func(row []float64)) [][]float64 {
		rows := moons(5, 300)
		for _, row := range rows {
			row[0] += 3 // the median is not near 0
			change(row)
			row[0] -= 3
		}
		return rows
	}
	positive := write(t, "positive.csv", []string{"a", "b"}, func() [][]float64 {
		rows := moons(1, 1000)
		for _, row := range rows {
			row[0], row[1] = row[0]+10, row[1]+10
		}
		return rows
	}())
	units := filepath.Join(t.TempDir(), "units")
	if _, err := Fit(context.Background(), positive, units, small(), Progress{}); err != nil {
		t.Fatal(err)
	}
	thousand := moons(5, 300)
	for _, row := range thousand {
		row[0], row[1] = 1000*(row[0]+10), row[1]+10
	}
	for _, tt := range []struct {
		name  string
		m     *Model
		rows  [][]float64
		words []string
	}{
		{"the same", m, moons(5, 300), nil},
		{"shifted", m, changed(func(row []float64) { row[1] += 3 }), []string{"100 % of the rows", `column "b" has the median 3.`}},
		{"wider", m, changed(func(row []float64) { row[1] = 40*row[1] - 8 }), []string{`column "b" has the median`, "spread about 40 times as wide"}},
		{"other units", open(t, units, "auto"), thousand, []string{"100 % of the rows", `column "a" has the median 105`, "about 1000 times as large: other units?"}},
		{"few anomalies", m, append(moons(5, 300), slices.Repeat([][]float64{{9, 9}}, 20)...), nil},
	} {
		warned(t, "anomaly, "+tt.name, judged(t, tt.m, tt.rows, AnomalyOptions{}).Warnings, tt.words...)
		file := write(t, "new.csv", []string{"a", "b"}, tt.rows)
		seen, err := tt.m.Score(context.Background(), file, filepath.Join(t.TempDir(), "o.csv"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		warned(t, "score, "+tt.name, seen.Warnings, tt.words...)
		e, err := tt.m.Evaluate(context.Background(), file, Options{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		warned(t, "eval, "+tt.name, e.Warnings, tt.words...)
	}
	// Where labels say that they are anomalies, nothing is wrong.
	rows := changed(func(row []float64) { row[1] += 3 })[:100]
	for i, row := range rows {
		rows[i] = append(slices.Clone(row), 1)
	}
	for _, row := range moons(9, 200) {
		rows = append(rows, append(row, 0))
	}
	a, err := m.Anomalies(context.Background(), write(t, "l.csv", []string{"a", "b", "l"}, rows), "", AnomalyOptions{FalseAlarm: 0.05, Labels: "l"})
	if err != nil {
		t.Fatal(err)
	}
	warned(t, "labelled anomalies", a.Warnings)
}

// A fingerprint does not change between versions, machines and signs of zero.
func TestFingerprint(t *testing.T) {
	if a, b := fingerprint([]float64{0, 1.5}), fingerprint([]float64{negativeZero(), 1.5}); a != b || a >= 1<<53 {
		t.Errorf("%d and %d", a, b)
	}
	if got := fingerprint([]float64{1, 2, 3}); got != 4289955049983158 {
		t.Errorf("got %d", got)
	}
	seen := map[uint64]bool{}
	for i := range 10000 {
		seen[fingerprint([]float64{float64(i), 1})] = true
	}
	if len(seen) != 10000 {
		t.Errorf("%d different fingerprints of 10000 rows", len(seen))
	}
}

func negativeZero() float64 { z := 0.0; return -z }
