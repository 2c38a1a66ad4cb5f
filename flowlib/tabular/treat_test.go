package tabular

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

// fitTo fits the small model to rows and returns what was said.
func fitTo(t *testing.T, columns []string, rows [][]float64, change func(c *FitConfig)) (dir string, r *Record, notes string, err error) {
	t.Helper()
	c := small()
	c.Layers, c.Steps = 1, 40
	if change != nil {
		change(&c)
	}
	var all []string
	dir = filepath.Join(t.TempDir(), "model")
	r, err = Fit(context.Background(), write(t, "t.csv", columns, rows), dir, c, Progress{Note: func(n table.Note) { all = append(all, n.String()) }})
	return dir, r, strings.Join(all, "\n") + "\n", err
}

// Every column's treatment is said, and kept.
func TestTreatments(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var rows [][]float64
	for i := range 400 {
		rows = append(rows, []float64{rng.NormFloat64(), float64(rng.IntN(5)), float64(i % 3), rng.NormFloat64(), 7})
	}
	dir, r, notes, err := fitTo(t, []string{"x", "dice", "setting", "y", "same"}, rows, func(c *FitConfig) {
		c.ConditionOn, c.Exclude = []string{"setting"}, []string{"y"}
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`column "x": feature, continuous`,
		`column "dice": feature, positive: softplus from the edge at -0.5 (scale 0.5); 5 values in 400 rows, all on steps of 1: uniform noise of one step is added`,
		`column "setting": context, as it is, without noise (3 values on steps of 1)`,
		`column "y": left out, as requested`,
		`column "same": left out, 7 in all 320 training rows`,
	}
	for i, line := range want {
		if !strings.Contains(notes, line+"\n") {
			t.Errorf("it is not said that %s:\n%s", line, notes)
		}
		if m := open(t, dir, "auto").Record; len(m.Columns) != len(want) || m.Columns[i].String() != line {
			t.Errorf("the record has %v, want %s", m.Columns, line)
		}
	}
	warned(t, "a constant", r.Warnings, `column "same" has one value in all 320 training rows and is left out`)
	if strings.Join(r.Features, " ") != "x dice" || strings.Join(r.Context, " ") != "setting" {
		t.Errorf("features %v, context %v", r.Features, r.Context)
	}
}

// A column that is constant in the training rows, though not in all, is left out; the
// model scores tables with or without it.
func TestColumnThatIsConstantInTraining(t *testing.T) {
	rows := gaussian(5, 300, 3)
	for _, row := range rows {
		row[1] = 0
	}
	c := small()
	c.Layers, c.Steps = 1, 40
	columns := []string{"a", "zero", "b"}
	var dir string
	var r *Record
	for i := 0; ; i++ { // until it is a row that is not trained on
		rows[i][1] = 1
		var err error
		if dir, r, _, err = fitTo(t, columns, rows, nil); err != nil {
			t.Fatal(err)
		}
		if rows[i][1] = 0; len(r.Features) == 2 {
			rows[i][1] = 1
			break
		}
	}
	warned(t, "constant in training", r.Warnings, `column "zero" has one value in all 240 training rows and is left out`)
	if got := r.Columns[2].String(); got != `column "zero": left out, 0 in all 240 training rows, another value in 1 of the rest` {
		t.Errorf("said %s", got)
	}
	m := open(t, dir, "auto")
	for _, columns := range [][]string{columns, {"a", "b", "other"}} {
		if _, err := m.Score(context.Background(), write(t, "n.csv", columns, rows), filepath.Join(t.TempDir(), "o.csv"), Options{}); err != nil {
			t.Error(err)
		}
	}
	for want, change := range map[string]func(c *FitConfig){
		`"zero": one value in all`: func(c *FitConfig) { c.ConditionOn, rows[0] = []string{"zero"}, []float64{1, 0, 2} },
		`no column is left to fit a density to: "zero": one value in all `: func(c *FitConfig) { c.Columns = []string{"zero"} },
	} {
		for _, row := range rows {
			row[1] = 0
		}
		if _, _, _, err := fitTo(t, columns, rows, change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestWarningsOfAFit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(i int, row []float64)
		words  []string
	}{
		{"nothing", nil, nil},
		{"outliers", func(i int, row []float64) {
			if i == 7 || i == 300 {
				row[1] *= 1e6
			}
		}, []string{`column "b" is far outside in lines 9, 302: found `}},
		{"a function of another", func(_ int, row []float64) { row[2] = 3 - 2*row[0] }, []string{`column "c" is the same as "a" but for its unit: the density has no bound`}},
		{"a square", func(_ int, row []float64) { row[2] = row[0] * row[0] }, []string{`column "c" is a function of "a": the density has no bound`}},
		{"an exponential", func(_ int, row []float64) { row[2] = math.Exp(row[0]) }, []string{`column "c" is a function of "a": the density has no bound`}},
		{"whole numbers that add up", func(i int, row []float64) {
			row[0], row[1] = float64(i%7), float64(i%5)
			row[2] = row[0] + row[1]
		}, []string{`column "c" is a linear function of "a", "b": all that is left to fit there is the noise`}},
	} {
		rows := gaussian(6, 400, 3)
		for i, row := range rows {
			if tt.change != nil {
				tt.change(i, row)
			}
		}
		_, r, notes, err := fitTo(t, []string{"a", "b", "c"}, rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.name == "whole numbers that add up" { // which repeat, too
			r.Warnings = r.Warnings[len(r.Warnings)-1:]
		}
		warned(t, tt.name, r.Warnings, tt.words...)
		if len(tt.words) > 0 && !strings.Contains(notes, "warning: "+r.Warnings[0].String()+"\n") {
			t.Errorf("%s: not said:\n%s", tt.name, notes)
		}
	}
}
