package tabular

import (
	"context"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/backend"
	"normflow/flowlib/eval"
	"normflow/flowlib/flow"
)

func TestEvaluate(t *testing.T) {
	dir, r := fitted(t, small())
	m := open(t, dir, "auto")
	rows := moons(9, 500)
	file := write(t, "fresh.csv", []string{"b", "a"}, rows)
	e, err := m.Evaluate(context.Background(), write(t, "t.csv", []string{"a", "b"}, rows), Options{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	g, err := flow.Load(b, dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := eval.NLL(g, rows)
	if err != nil {
		t.Fatal(err)
	}
	if !near(e.NLL.Mean, want.Mean) || !near(e.NLL.SE, want.SE) || *e.HeldOut != *r.Test || e.Same || e.Diagnostics.Rows != 500 || len(e.Verdict) != 2 {
		t.Errorf("got %+v, want the NLL %+v", e, want)
	}
	// The columns the wrong way round are rows from elsewhere.
	e, err = m.Evaluate(context.Background(), file, Options{}, 1)
	if err != nil || !strings.Contains(e.Verdict[0], "less likely than those held out") || !strings.Contains(e.Verdict[1], "differs from the rows") || e.Diagnostics.PValue > 0.01 {
		t.Errorf("got %+v, %v", e, err)
	}
	e, err = m.Evaluate(context.Background(), r.Source.File, Options{}, 1)
	if err != nil || !e.Same || !strings.Contains(e.Verdict[0], "it knows 90 % of the rows") {
		t.Errorf("got %+v, %v", e, err)
	}
	e, err = m.Evaluate(context.Background(), write(t, "few.csv", []string{"a", "b"}, rows[:99]), Options{}, 1)
	if err != nil || e.Diagnostics != nil || !strings.Contains(e.Undiagnosed, "99 rows are too few") {
		t.Errorf("got %+v, %v", e, err)
	}
}

// Every row is in the sample that is diagnosed with the same probability.
func TestReservoir(t *testing.T) {
	if testing.Short() {
		t.Skip("many rows, and no more threads than in other tests")
	}
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	rows := moons(9, 3*maxDiagnosed)
	for i, row := range rows {
		row[0] = 1e-6 * float64(i) // the place, told apart by order
	}
	e, err := m.Evaluate(context.Background(), write(t, "t.npy", []string{"a", "b"}, rows), Options{}, 1)
	if err != nil || len(e.rows) != maxDiagnosed {
		t.Fatal(err, len(e.rows))
	}
	third := 0
	for i, row := range e.rows {
		if row[0] < 1e-6*maxDiagnosed {
			third++
		}
		lp := make([]float64, 1)
		if err := m.LogProbTo(lp, mat.NewDense(1, len(row), row)); err != nil || lp[0] != e.score[i] {
			t.Fatalf("row %d has the score %g, want %g", i, e.score[i], lp[0])
		}
	}
	// Hypergeometric: a third, within five standard deviations.
	if math.Abs(float64(third)-maxDiagnosed/3) > 5*math.Sqrt(maxDiagnosed*2./9*2/3) {
		t.Errorf("%d of %d come from the first third", third, maxDiagnosed)
	}
}
