package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestSummaryByHand(t *testing.T) {
	summarizer := NewSummarizer([]string{"a", "b", "i"})
	for _, row := range [][]float64{{1, 0.3, 0}, {3, 0.1, 1}, {1, 0.3, 2}, {3, 0.3, 3}} {
		summarizer.Add(row)
	}
	s := summarizer.Summary()
	a, b, i := s.Columns[0], s.Columns[1], s.Columns[2]
	if a.N != 4 || a.Mean != 2 || !(math.Abs(a.Std-math.Sqrt(4./3)) <= 1e-15) || a.Min != 1 || a.Max != 3 || a.Distinct != 2 || !a.Whole || a.Counts || a.Step != 2 || a.Top != 1 || a.TopN != 2 {
		t.Errorf("got %+v", a)
	}
	if b.Whole || b.Top != 0.3 || b.TopN != 3 || !(math.Abs(b.Step-0.2) <= 1e-15) || b.Quantized() {
		t.Errorf("got %+v", b)
	}
	if !i.Counts || s.Rows != 4 || s.Repeats != 0 {
		t.Errorf("got %+v", s)
	}
	if got := s.Warnings(); len(got) != 3 || !strings.Contains(got[2].String(), `column "i" counts the rows (0, 1, …)`) {
		t.Errorf("got %q", got)
	}
}

func summarize(rows [][]float64) Summary {
	s := NewSummarizer([]string{"x"})
	for _, row := range rows {
		s.Add(row)
	}
	return s.Summary()
}

// A million as the mean, a spread of one: naive sums of squares would lose it.
func TestSummaryIsStable(t *testing.T) {
	var rows [][]float64
	for i := range 100000 {
		rows = append(rows, []float64{1e9 + float64(2*(i%2)-1)})
	}
	s := summarize(rows)
	c := s.Columns[0]
	if want := math.Sqrt(100000. / 99999); !(math.Abs(c.Std-want) <= 1e-9) || c.Mean != 1e9 || s.Repeats != 99998 {
		t.Errorf("got %+v", s)
	}
}

// Squares of such numbers are no float64s.
func TestSummaryOfAnySize(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for _, at := range [][2]float64{{1e12, 1e-2}, {-1.76e9, 1e-4}, {0, 1e300}, {2e300, 1e299}, {1e-300, 1e-301}, {0, 1}} {
		mean, spread := at[0], at[1]
		rows := [][]float64{{0 * mean}}
		if mean != 0 {
			rows = nil
		}
		for range 20000 {
			rows = append(rows, []float64{mean + spread*rng.NormFloat64()})
		}
		c := summarize(rows).Columns[0]
		if !(math.Abs(c.Mean-mean) <= 0.03*spread) || !(math.Abs(c.Std-spread) <= 0.03*spread) {
			t.Errorf("mean %g and standard deviation %g, want %g and %g", c.Mean, c.Std, mean, spread)
		}
	}
}

// Columns on a grid, and columns that are none, as a fit must tell them apart.
func TestQuantized(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	column := func(n int, f func() float64) Summary {
		rows := make([][]float64, n)
		for i := range rows {
			rows[i] = []float64{f()}
		}
		return summarize(rows)
	}
	tests := []struct {
		name string
		n    int
		f    func() float64
		want float64 // step, 0: not quantized
	}{
		{"normal", 20000, rng.NormFloat64, 0},
		{"normal in float32", 20000, func() float64 { return float64(float32(rng.NormFloat64())) }, 0},
		{"few normal", 30, rng.NormFloat64, 0},
		{"ages", 1000, func() float64 { return float64(20 + rng.IntN(60)) }, 1},
		{"large whole numbers, more than are told apart", 30000, func() float64 { return float64(rng.IntN(1e6)) }, 1},
		{"two decimals", 20000, func() float64 { return math.Round(100*rng.NormFloat64()) / 100 }, 0.01},
		{"two decimals in float32, far off", 20000, func() float64 { return float64(float32(50 + math.Round(100*rng.NormFloat64())/100)) }, 0.01},
		{"two decimals, but few rows", 100, func() float64 { return math.Round(1000*rng.NormFloat64()) / 100 }, 0},
		{"eighths of scaled ints", 5000, func() float64 { return 0.3 + 0.7*float64(rng.IntN(10)) }, 0.7},
		{"uniform to six decimals", 50000, func() float64 { return math.Round(1e6*rng.Float64()) / 1e6 }, 0},
		{"uniform to five decimals", 60000, func() float64 { return math.Round(1e5*rng.Float64()) / 1e5 }, 0}, // 1.3 each, of more than are told apart
		{"unix times of a year in float32", 5000, func() float64 { return float64(float32(1.75e9 + 3e7*rng.Float64())) }, 128},
		{"unix times before 2004 in float32", 20000, func() float64 { return float64(float32(1e9 + 3e6*rng.Float64())) }, 64},
		{"coordinates in float32", 3000, func() float64 { return float64(float32(52.5 + 1e-4*rng.NormFloat64())) }, 0x1p-18},
		{"coordinates", 3000, func() float64 { return 52.5 + 1e-4*rng.NormFloat64() }, 0},
		{"unix times to the minute", 3000, func() float64 { return 1.76e9 + 60*float64(rng.IntN(10000)) }, 60},
		{"numbers so large that all are whole", 3000, func() float64 { return 1e39 * rng.NormFloat64() }, 0},
		{"zeros and normal", 20000, func() float64 { return rng.NormFloat64() * float64(rng.IntN(2)) }, 0},
	}
	for _, tt := range tests {
		c := column(tt.n, tt.f).Columns[0]
		step := 0.0
		if c.Quantized() {
			step = c.Step
		}
		if !(math.Abs(step-tt.want) <= 1e-5*tt.want) { // float32's rounding over the range
			t.Errorf("%s: step %g, want %g: %+v", tt.name, step, tt.want, c)
		}
	}
	if got := step([]float64{0, 1e-9, 1000, 1000 + math.Pi}, 0x1p-53); got != 0 { // on any grid so fine
		t.Errorf("got a step of %g", got)
	}
	spike := column(20000, func() float64 { return rng.NormFloat64() * float64(rng.IntN(2)) })
	if got := spike.Warnings(); len(got) != 2 || !strings.Contains(got[0].String(), `column "x" is 0 in 50% of the rows`) || !strings.Contains(got[1].String(), "repeat an earlier row") {
		t.Errorf("got %q", got)
	}
	if got := column(20000, rng.NormFloat64).Warnings(); len(got) != 0 {
		t.Errorf("warned about a normal column: %q", got)
	}
}

func TestCheck(t *testing.T) {
	for want, rows := range map[string][][]float64{
		"has 2 rows, too few to fit a density to: expected at least 3":                                                             {{1}, {2}},
		`column "x": its mean is 1e+17 and its standard deviation 16, a spread that float64 cannot hold, whose steps are 16 there`: {{1e17}, {1e17 + 16}, {1e17 - 16}},
		`standard deviation +Inf, a spread that float64`:                                                                           {{math.MaxFloat64}, {-math.MaxFloat64}, {-math.MaxFloat64}},
		`column "x": no row has a value in it: leave it out`:                                                                       {{math.NaN()}, {math.NaN()}, {math.NaN()}},
		`a spread that float64 cannot hold`:                                                                                        {{-5e-323}, {0}, {5e-323}},
	} {
		if err := summarize(rows).Check(3); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, rows := range [][][]float64{{{5}, {5}, {5}}, {{1}, {2}, {4}}, {{1e5}, {1e5 + 1}, {1e5 + 2}}, {{-1e37}, {0}, {1e38}}, {{1e9 - 1}, {1e9}, {1e9 + 1}}, {{1e12}, {1e12 + 1}, {1e12 + 3}}, {{-1e100}, {0}, {1e300}}, {{-1e-300}, {0}, {1e-300}}} {
		if err := summarize(rows).Check(3); err != nil {
			t.Error(err)
		}
	}
}

// Noise stays within its cell, fills it evenly, and leaves other columns alone.
func TestDequantize(t *testing.T) {
	const n = 10000
	rows, again := make([][]float64, n), make([][]float64, n)
	for i := range rows {
		rows[i], again[i] = []float64{float64(i % 7), 0.5}, []float64{float64(i % 7), 0.5}
	}
	Dequantize(rows, []float64{2, 0}, 1)
	Dequantize(again, []float64{2, 0}, 1)
	if fmt.Sprint(rows) != fmt.Sprint(again) {
		t.Error("one seed gave two noises")
	}
	mean, square := 0.0, 0.0
	for i, row := range rows {
		u := (row[0] - float64(i%7)) / 2
		if !(u >= -0.5 && u < 0.5) || row[1] != 0.5 {
			t.Fatalf("row %d became %v", i, row)
		}
		mean += u / n
		square += u * u / n
	}
	// Standard errors: √(1/12n) = 0.003 and √(1/180n) = 0.0007; four of each.
	if !(math.Abs(mean) <= 0.012) || !(math.Abs(square-1./12) <= 0.003) {
		t.Errorf("noise has mean %g and mean square %g, want 0 and 1/12", mean, square)
	}
}

// Whole numbers that rise from row to row may number the rows of a filtered table.
func TestWarnsOfNumberedRows(t *testing.T) {
	s := NewSummarizer([]string{"id", "x"})
	for i := range 100 {
		s.Add([]float64{float64(i*i + 3*i), float64((i * 37) % 50)})
	}
	got := notesOf(s.Summary().Warnings())
	if !strings.Contains(got, `column "id" is a whole number that rises from row to row, from 0 to 10098: if it numbers the rows, leave it out (Exclude id)`) || strings.Contains(got, `"x" is a whole`) {
		t.Errorf("got %s", got)
	}
}
