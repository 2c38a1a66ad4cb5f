package tabular

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

// What is conditioned on is given: noise would make the density forget it.
func TestNoNoiseOnContext(t *testing.T) {
	s, rows := gridded(300) // age is on a grid
	r, err := newRecipe(ask{summary: s, features: 1, rows: 300})
	if err != nil {
		t.Fatal(err)
	}
	if r.Noise != nil || r.Copies != 1 || strings.Contains(strings.Join(r.Reasons, ""), "noise") {
		t.Errorf("got noise %v, %d copies, reasons %q; want none", r.Noise, r.Copies, r.Reasons)
	}
	s.Columns = []table.ColumnSummary{s.Columns[1], s.Columns[1]}
	for _, row := range rows {
		row[0] = row[1]
	}
	if r, err = newRecipe(ask{summary: s, features: 1, rows: 300}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Noise, []float64{1, 0}) {
		t.Errorf("noise %v for age given age, want it on the first alone", r.Noise)
	}
	for i, row := range r.dequantize(rows, 2, 1) {
		if row[1] != rows[i%300][1] {
			t.Fatalf("the context %g of row %d became %g", rows[i%300][1], i, row[1])
		}
	}
}

// gridded is the summary of n rows: column "x" is continuous, "age" counts in whole numbers from 0 to 9.
func gridded(n int) (table.Summary, [][]float64) {
	rng := rand.New(rand.NewPCG(6, 6))
	s := table.NewSummarizer([]string{"x", "age"})
	var rows [][]float64
	for range n {
		row := []float64{rng.NormFloat64(), float64(rng.IntN(10))}
		rows = append(rows, row)
		s.Add(row)
	}
	return s.Summary(), rows
}

func TestSizesFollowTheRows(t *testing.T) {
	s, _ := gridded(300)
	for _, tt := range []struct {
		rows, components, batch, evalEvery, copies int
	}{
		{20, 0, 20, 20, maxCopies}, // never more in a batch than there is
		{199, 0, 32, 20, maxCopies},
		{200, 2, 32, 20, maxCopies},
		{1000, 10, 125, 20, maxCopies},
		{4000, 40, 256, 31, 5},
		{10000, 96, 256, 78, 2}, // two epochs have 78 steps
		{1000000, 96, 256, 100, 1},
	} {
		r, err := newRecipe(ask{summary: s, features: 2, rows: tt.rows})
		if err != nil {
			t.Fatal(err)
		}
		if r.Flow.Architecture != "nsf" || r.Flow.Components != tt.components || (r.Flow.Base == "mixture") != (tt.components > 0) ||
			r.Fit.BatchSize != tt.batch || r.Fit.EvalEvery != tt.evalEvery || r.Copies != tt.copies || r.Fit.Steps != 5000 || r.Fit.Patience != 20 || r.Fit.EMADecay != 0.999 {
			t.Errorf("%d rows: got %+v, %+v, %d copies, want %+v", tt.rows, r.Flow, r.Fit, r.Copies, tt)
		}
	}
}

func TestWishesGoFirst(t *testing.T) {
	s, _ := gridded(300)
	r, err := newRecipe(ask{summary: s, features: 1, rows: 5000, model: "realnvp+lu", layers: 3, steps: 7})
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Flow; f.Name() != "realnvp+lu" || f.Layers != 3 || f.Features != 1 || f.Context != 1 || f.Components != 0 || r.Fit.Steps != 7 || r.Fit.LearningRate != 2e-3 {
		t.Errorf("got %+v, %+v", r.Flow, r.Fit)
	}
	for want, a := range map[string]ask{
		`there is no model "mlp"`: {summary: s, features: 2, rows: 50, model: "mlp"},
		"layers must be":          {summary: s, features: 2, rows: 50, layers: 99},
		"3 features of 2":         {summary: s, features: 3, rows: 50},
		"1 rows":                  {summary: s, features: 2, rows: 1},
		"steps must be":           {summary: s, features: 2, rows: 50, steps: -1},
	} {
		if _, err := newRecipe(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %s", err, want)
		}
	}
}

func TestDequantizeColumnsOnAGrid(t *testing.T) {
	s, rows := gridded(300)
	r, err := newRecipe(ask{summary: s, features: 2, rows: 300})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Noise, []float64{0, 1}) {
		t.Fatalf("noise %v, want a whole step for age alone", r.Noise)
	}
	if text := strings.Join(r.Reasons, "\n"); !strings.Contains(text, `noise of one step of their grids is added to age`) || !strings.Contains(text, "each row 10 times") {
		t.Errorf("reasons: %s", text)
	}
	before := slices.Clone(rows[0])
	noisy := r.dequantize(rows, 3, 1)
	if len(noisy) != 900 || !slices.Equal(rows[0], before) {
		t.Fatalf("%d rows of 900; the first was %v and is %v", len(noisy), before, rows[0])
	}
	mean, square := 0.0, 0.0
	for i, row := range noisy {
		u := row[1] - rows[i%300][1]
		if row[0] != rows[i%300][0] || !(math.Abs(u) <= 0.5) {
			t.Fatalf("row %d is %v, was %v", i, row, rows[i%300])
		}
		mean, square = mean+u/900, square+u*u/900
	}
	// Uniform on ±1/2: variance 1/12 of the noise, standard errors .0096 and .0025.
	if !(math.Abs(mean) <= 0.03) || !(math.Abs(square-1./12) <= 0.0075) {
		t.Errorf("noise of mean %g and mean square %g, want 0 and 1/12", mean, square)
	}
	if noisy[0][1] == noisy[300][1] {
		t.Error("two copies of a row have the same noise")
	}
	if again := r.dequantize(rows, 3, 1); !slices.Equal(again[5], noisy[5]) {
		t.Error("the same seed gives other noise")
	}

	// Continuous columns are left alone, and say nothing of noise.
	s.Columns = s.Columns[:1]
	if r, err = newRecipe(ask{summary: s, features: 1, rows: 300}); err != nil {
		t.Fatal(err)
	}
	if r.Noise != nil || r.Copies != 1 || &r.dequantize(rows, 3, 1)[0] != &rows[0] || strings.Contains(strings.Join(r.Reasons, ""), "noise") {
		t.Errorf("got %+v", r)
	}
}
