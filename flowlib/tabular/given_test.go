package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/table"
)

// halfLog2πe is the entropy of a unit Gaussian, nats.
var halfLog2πe = (1 + math.Log(2*math.Pi)) / 2

// Conditional fits against closed forms, through fit, eval, sample, score and anomaly:
// what is known of x given the rest is a Gaussian of known mean and spread.
func TestConditionsAgainstClosedForms(t *testing.T) {
	for _, tt := range []struct {
		name    string
		context func(rng *rand.Rand) float64
		mean    func(c float64) float64
		std     func(c float64) float64
		at      []float64 // where draws are looked at
		beyond  float64   // a condition that the fit has not seen
		says    string
	}{
		{
			"regression", func(rng *rand.Rand) float64 { return rng.Float64()*4 - 2 },
			func(c float64) float64 { return 3 * c }, func(float64) float64 { return 0.5 },
			[]float64{-1.5, 1.5}, 12, "lies outside what the fit has seen, -",
		},
		{
			"classes", func(rng *rand.Rand) float64 { return float64(rng.IntN(3)) },
			func(c float64) float64 { return []float64{4, -4, 0}[int(c)] }, func(c float64) float64 { return []float64{0.5, 1, 0.25}[int(c)] },
			[]float64{0, 1}, 1.5, "is none of the 3 values that the fit has seen, 0, 1, 2",
		},
	} {
		drawn := func(seed int64, n int) (rows [][]float64, entropy float64) {
			rng := rand.New(rand.NewPCG(uint64(seed), 5))
			for range n {
				c := tt.context(rng)
				rows = append(rows, []float64{tt.mean(c) + tt.std(c)*rng.NormFloat64(), c})
				entropy += (halfLog2πe + math.Log(tt.std(c))) / float64(n)
			}
			return rows, entropy
		}
		columns := []string{"x", "c"}
		rows, _ := drawn(1, 2000)
		dir := filepath.Join(t.TempDir(), "model")
		config := small()
		config.ConditionOn, config.Steps = []string{"c"}, 400
		r, err := Fit(context.Background(), write(t, "t.csv", columns, rows), dir, config, Progress{})
		if err != nil {
			t.Fatal(err)
		}
		m := open(t, dir, "go")
		fresh, entropy := drawn(2, 2000)
		file := write(t, "new.csv", columns, fresh)
		e, err := m.Evaluate(context.Background(), file, Options{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: NLL %v, entropy %.4f", tt.name, e.NLL, entropy)
		if r.Steps != nil || !(e.NLL.Mean >= entropy-4*e.NLL.SE && e.NLL.Mean <= entropy+0.1) {
			t.Errorf("%s: NLL %v, the entropy is %.4f; noise %v", tt.name, e.NLL, entropy, r.Steps)
		}
		warned(t, tt.name+", eval", e.Warnings)
		out := filepath.Join(t.TempDir(), "o.csv")
		for _, c := range append(tt.at, tt.beyond) {
			var warnings []table.Note
			if _, err := m.Sample(context.Background(), out, SampleConfig{
				Count: 500, Temperature: 1, Condition: map[string]float64{"c": c}, Warn: func(w table.Note) { warnings = append(warnings, w) },
			}); err != nil {
				t.Fatal(err)
			}
			if c == tt.beyond {
				warned(t, tt.name+", sample", warnings, fmt.Sprintf("condition: c=%g %s", c, tt.says))
				continue
			}
			warned(t, tt.name+", sample", warnings)
			if s := axis(readAll(t, out).Rows, 0); !(math.Abs(s.mean-tt.mean(c)) <= 0.3*tt.std(c) && s.std <= 1.4*tt.std(c) && s.std >= 0.6*tt.std(c)) {
				t.Errorf("%s: draws at c = %g have mean %.3f and standard deviation %.3f, want %.3f and %.3f", tt.name, c, s.mean, s.std, tt.mean(c), tt.std(c))
			}
		}
		// A value of x that is usual, but not at this condition, is strange there.
		swapped := append(fresh[:200:200], []float64{tt.mean(tt.at[0]), tt.at[1]}, []float64{tt.mean(tt.at[1]), tt.beyond})
		file = write(t, "odd.csv", columns, swapped)
		a, err := m.Anomalies(context.Background(), file, out, AnomalyOptions{FalseAlarm: 0.01})
		if err != nil {
			t.Fatal(err)
		}
		warned(t, tt.name+", anomaly", a.Warnings, `column "c" of context: line 203 (`, tt.says)
		if len(a.Strangest) == 0 || a.Strangest[0].Line != 202 && a.Strangest[0].Line != 203 || a.Flagged > 12 {
			t.Errorf("%s: %d flagged, the strangest %+v", tt.name, a.Flagged, a.Strangest)
		}
		for _, row := range fresh[:20] { // the score is the density, and no mean of it
			lp := make([]float64, 1)
			if err := m.LogProbTo(lp, mat.NewDense(1, len(row), row)); err != nil {
				t.Fatal(err)
			}
			z := (row[0] - tt.mean(row[1])) / tt.std(row[1])
			if want := -z*z/2 - math.Log(2*math.Pi)/2 - math.Log(tt.std(row[1])); !(math.Abs(lp[0]-want) <= 0.6) && z*z < 4 {
				t.Errorf("%s: the log-density of %v is %.3f, want %.3f", tt.name, row, lp[0], want)
			}
		}
		seen, err := m.Score(context.Background(), file, out, Options{})
		if err != nil {
			t.Fatal(err)
		}
		warned(t, tt.name+", score", seen.Warnings, `column "c" of context: line 203`)
	}
}

// A page is written of a column that is stuck, and says what is not drawn.
func TestPageOfAStuckColumn(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	for _, stuck := range [][]int{{1}, {0}, {0, 1}} {
		rows := moons(9, 120)
		for _, row := range rows {
			for _, j := range stuck {
				row[j] = 0.25
			}
		}
		e, err := m.Evaluate(context.Background(), write(t, "t.csv", []string{"a", "b"}, rows), Options{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "page.html")
		if err := m.WritePage(path, e); err != nil {
			t.Fatal(err)
		}
		drawn, said := 0, false
		for _, p := range m.pictures(e) {
			if p.SVG != "" {
				drawn++
			}
			said = said || strings.Contains(p.Caption, fmt.Sprintf("Not drawn: column %q has one value in all rows, 0.25.", m.Features[stuck[0]])) ||
				strings.Contains(p.Caption, fmt.Sprintf("Not drawn: column %s has one value in all rows, 0.25.", m.Features[stuck[0]]))
		}
		if drawn < 2 || e.Diagnostics != nil && !said {
			t.Errorf("columns %v stuck: %d pictures, the missing one explained: %v; %s", stuck, drawn, said, e.Undiagnosed)
		}
	}
}
