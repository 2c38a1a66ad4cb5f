package flow_test

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/flow"
)

// p(x | c) is a density for each c, and another one for another c.
func TestConditionalDensitiesIntegrateToOne(t *testing.T) {
	const n, edge = 160, 12.0
	for _, name := range []string{"realnvp", "glow", "nsf"} {
		t.Run(name, func(t *testing.T) {
			m := smallModel(t, name, 2, 2)
			var atOrigin []float64
			for _, context := range [][]float64{{2, 3}, {0, 0}, {-5, 10}} {
				rows := make([][]float64, 0, n*n)
				for i := range n {
					for j := range n {
						x, y := edge*(2*(float64(i)+0.5)/n-1), edge*(2*(float64(j)+0.5)/n-1)
						rows = append(rows, append([]float64{x, 1 + y}, context...))
					}
				}
				logProb, err := m.LogProb(rows)
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				for _, lp := range logProb {
					sum += math.Exp(lp) * (2 * edge / n) * (2 * edge / n)
				}
				// The midpoint rule on kinks of ReLU networks, and tails beyond the window.
				if !(math.Abs(sum-1) <= 1e-2) {
					t.Errorf("p(x | %v) integrates to %g", context, sum)
				}
				atOrigin = append(atOrigin, logProb[n*n/2+n/2])
			}
			if atOrigin[0] == atOrigin[1] || atOrigin[1] == atOrigin[2] {
				t.Errorf("the context changes nothing: %v", atOrigin)
			}
		})
	}
}

// Each event of a conditional sample belongs to the context it was drawn for.
func TestConditionalSamplesFollowTheirContext(t *testing.T) {
	m := smallModel(t, "nsf", 2, 1)
	context := make([][]float64, 5000) // more than a chunk
	for i := range context {
		context[i] = []float64{float64(i % 7)}
	}
	d, err := m.Draw(flow.Sampling{Seed: 3, Count: len(context), Context: context, LogProb: true})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]float64, len(context))
	for i := range rows {
		rows[i] = append(append([]float64{}, d.X[i]...), context[i]...)
	}
	again, err := m.LogProb(rows)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if !(math.Abs(again[i]-d.LogProb[i]) <= 5e-3) {
			t.Fatalf("draw %d: log-density %g while sampling, %g when scored with its context", i, d.LogProb[i], again[i])
		}
	}
	one, err := m.Draw(flow.Sampling{Seed: 3, Count: 8, Context: [][]float64{{0}}})
	if err != nil || one.X[0][0] != d.X[0][0] || one.X[1][0] == d.X[1][0] {
		t.Errorf("one context for all: got %v, %v, %v", one.X[:2], d.X[:2], err)
	}
}

func TestConditionalErrors(t *testing.T) {
	m, plain := smallModel(t, "nsf", 2, 1), smallModel(t, "nsf", 2, 0)
	for want, s := range map[string]flow.Sampling{
		"2 rows of context for 5 events": {Count: 5, Context: [][]float64{{0}, {1}}},
		"0 rows of context":              {Count: 5},
		"row 0 has 2 features":           {Count: 1, Context: [][]float64{{0, 1}}},
	} {
		if _, err := m.Draw(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if _, err := plain.Draw(flow.Sampling{Count: 1, Context: [][]float64{{0}}}); err == nil || !strings.Contains(err.Error(), "no context") {
		t.Errorf("got %v", err)
	}
	if _, err := m.LogProb([][]float64{{1, 2}}); err == nil || !strings.Contains(err.Error(), "expected 3") {
		t.Errorf("a row without its context: got %v", err)
	}
}
