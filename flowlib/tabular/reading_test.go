package tabular

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

// years makes a table of two columns named by years, whose first line may be either names
// or a row, and a conditional model of it.
func years(t *testing.T) (dir, file string) {
	t.Helper()
	text := "1990,1991\n"
	for i, row := range moons(1, 400) {
		text += fmt.Sprintf("%.0f,%d\n", 1985+10*row[0], 1980+i%23)
	}
	file = filepath.Join(t.TempDir(), "years.csv")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c := small()
	c.Steps, c.ConditionOn = 40, []string{"1991"}
	dir = filepath.Join(t.TempDir(), "model")
	if _, err := Fit(context.Background(), file, dir, c, Progress{}); err == nil || !strings.Contains(err.Error(), "may be the columns' names or a row") {
		t.Fatalf("is no question: %v", err)
	}
	c.Read.Header = table.HeaderYes
	if _, err := Fit(context.Background(), file, dir, c, Progress{}); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

// Whether a first line holds names is no question to a model that knows them.
func TestModelKnowsItsNames(t *testing.T) {
	dir, file := years(t)
	m := open(t, dir, "auto")
	if seen, err := m.Score(context.Background(), file, filepath.Join(t.TempDir(), "o.csv"), Options{}); err != nil || seen.Rows != 400 || seen.Matched.By != "name" {
		t.Errorf("score: %+v, %v", seen, err)
	}
	if e, err := m.Evaluate(context.Background(), file, Options{}, 1); err != nil || e.Rows != 400 {
		t.Errorf("eval: %+v, %v", e, err)
	}
	if a, err := m.Anomalies(context.Background(), file, "", AnomalyOptions{FalseAlarm: 0.1, Calibration: file}); err != nil || a.Rows != 400 || a.Calibrated != 400 {
		t.Errorf("anomaly: %+v, %v", a, err)
	}
	if n, err := m.Sample(context.Background(), filepath.Join(t.TempDir(), "o.csv"), SampleConfig{ConditionFile: file, Temperature: 1}); err != nil || n != 400 {
		t.Errorf("sample: %d, %v", n, err)
	}
	// Of other numbers it remains one.
	other := filepath.Join(t.TempDir(), "other.csv")
	if err := os.WriteFile(other, []byte("1995,1996\n1990,1985\n1987,2001\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Score(context.Background(), other, filepath.Join(t.TempDir(), "o.csv"), Options{}); err == nil || !strings.Contains(err.Error(), "may be the columns' names or a row") {
		t.Errorf("other years: %v", err)
	}
}

// What was assumed of a table of conditions is said, as of any other.
func TestNotesOfATableOfConditions(t *testing.T) {
	rows := gaussian(3, 400, 2)
	c := small()
	c.Steps, c.ConditionOn = 40, []string{"b"}
	dir := filepath.Join(t.TempDir(), "model")
	if _, err := Fit(context.Background(), write(t, "t.csv", []string{"a", "b"}, rows), dir, c, Progress{}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "c.csv")
	if err := os.WriteFile(file, []byte("b,k\nm,kg\n0.1,1\n1.2,2\n-0.5,3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var score, sample []table.Note
	out := filepath.Join(t.TempDir(), "o.csv")
	n, err := open(t, dir, "auto").Sample(context.Background(), out, SampleConfig{ConditionFile: file, Temperature: 1, Warn: func(n table.Note) { sample = append(sample, n) }})
	if err != nil || n != 3 {
		t.Fatal(n, err)
	}
	r, err := table.Open(file, table.Options{Columns: []string{"b"}, Settled: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r.Next() //nolint:errcheck // to its end
	}
	score = r.Notes()
	if len(score) == 0 || fmt.Sprint(score) != fmt.Sprint(sample) {
		t.Errorf("said %q, want %q", sample, score)
	}
}

// Where nothing can be written it is said before anything is read: of files that are not
// there no word is said.
func TestOutputIsTriedFirst(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	missing, out := filepath.Join(t.TempDir(), "missing.csv"), filepath.Join(t.TempDir(), "none", "o.csv")
	_, score := m.Score(context.Background(), missing, out, Options{})
	_, anomaly := m.Anomalies(context.Background(), missing, out, AnomalyOptions{FalseAlarm: 0.1, Calibration: missing})
	_, sample := m.Sample(context.Background(), out, SampleConfig{Count: 1, Temperature: 1, ConditionFile: missing})
	for name, err := range map[string]error{"score": score, "anomaly": anomaly, "sample": sample, "eval": CheckPage(out, missing)} {
		if err == nil || !strings.Contains(err.Error(), "o.csv: cannot be written: there is no folder") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
