package table

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// Numbers that name rows come once each, in whatever order; measurements do so too only
// where chance allows it.
func TestNumbersThatNameRows(t *testing.T) {
	for _, n := range []int{25, 300, 4000, 3 * MaxDistinct} {
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		order := rng.Perm(10 * n)
		some := func(of int) func(i int) float64 { // n different of so many, shuffled
			var kept []int
			for _, v := range order {
				if v < of && len(kept) < n {
					kept = append(kept, v)
				}
			}
			return func(i int) float64 { return float64(kept[i]) }
		}
		for _, tt := range []struct {
			name, column string
			value        func(i int) float64
			want         bool
		}{
			{"a shuffled count", "x", some(n), true},
			{"a shuffled count from far", "x", func(i int) float64 { return 1e9 + float64(i*7919%n) }, true},
			{"shuffled, of twice as many", "x", some(2 * n), n >= 100},
			{"shuffled, of ten times as many", "x", some(10 * n), n >= 300},
			{"serial numbers far apart", "x", func(i int) float64 { return float64(i*7919%n) * 1e6 }, false},
			{"serial numbers far apart that are named", "serial_id", func(i int) float64 { return float64(i*7919%n) * 1e6 }, n >= 100},
			{"amounts in cents", "amount", func(int) float64 { return math.Round(1e4 * math.Exp(rng.NormFloat64())) }, false},
			{"counts of bytes", "bytes", func(int) float64 { return math.Round(1e15 * rng.Float64()) }, false},
			{"ages", "x", func(int) float64 { return float64(rng.IntN(90)) }, false},
			{"ages of which one column is called id", "id", func(int) float64 { return float64(rng.IntN(9)) }, false},
			{"no whole numbers", "id", func(int) float64 { return rng.NormFloat64() }, false},
		} {
			s := NewSummarizer([]string{tt.column})
			for i := range n {
				s.Add([]float64{tt.value(i)})
			}
			c := s.Summary()
			said := strings.Contains(noteText(c.Warnings()), ": if it numbers or names the rows, leave it out")
			if got := c.Columns[0].Identifies(); got != tt.want || said != got {
				t.Errorf("%d rows, %s: got %v, warned %q", n, tt.name, got, c.Warnings())
			}
		}
	}
}

// What goes with the order of the rows is warned of, whole or not, up or down; what
// begins anew every day, or has few values, is not.
func TestColumnsInTheOrderOfTheRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	clock := 1.7e9
	for _, tt := range []struct {
		name  string
		n     int
		value func(i int) float64
		want  string
	}{
		{"times in tenths of a second", 300, func(i int) float64 { return float64(i) / 10 }, "rises from row to row, between 0 and 29.9"},
		{"times backwards", 300, func(i int) float64 { return -float64(i) / 10 }, "falls from row to row, between -29.9 and 0"},
		{"times at uneven steps", 300, func(int) float64 { clock += rng.ExpFloat64(); return clock }, "rises from row to row"},
		{"numbers far apart, backwards", 300, func(i int) float64 { return 1e6 * float64(1000-i) }, "falls from row to row"},
		{"seconds, two rows in each", 300, func(i int) float64 { return 1.7e9 + float64(i/2) }, "but for 150 of 300 rows"},
		{"numbers that begin again", 300, func(i int) float64 { return float64(i % 150) }, "rises from row to row, between 0 and 149, but for 1 of 300 rows"},
		{"groups of six rows", 600, func(i int) float64 { return float64(i / 6) }, "rises from row to row, between 0 and 99, but for 500 of 600 rows"},
		{"groups of six rows, backwards", 600, func(i int) float64 { return -float64(i / 6) }, "falls from row to row"},
		{"hours of the day", 300, func(i int) float64 { return float64(i % 24) }, ""},
		{"minutes of the hour", 300, func(i int) float64 { return float64(i % 60) }, ""},
		{"sorted classes", 300, func(i int) float64 { return float64(i / 100) }, ""},
		{"measurements", 300, func(int) float64 { return rng.NormFloat64() }, ""},
		{"few rows", 40, func(i int) float64 { return float64(i) / 10 }, ""},
	} {
		s := NewSummarizer([]string{"x"})
		for i := range tt.n {
			s.Add([]float64{tt.value(i)})
		}
		said := noteText(s.Summary().Warnings())
		if got := s.Summary().Columns[0].Ordered(); got != (tt.want != "") || !strings.Contains(said, tt.want) || got != strings.Contains(said, "from row to row") {
			t.Errorf("%s: got %v, warned %q, want %q", tt.name, got, said, tt.want)
		}
	}
}

// Row numbers of concatenated tables are noticed in any order; evenly spread measurements
// are not.
func TestNumbersOfConcatenatedTables(t *testing.T) {
	for _, n := range []int{400, 2000, 5 * MaxDistinct} {
		rng := rand.New(rand.NewPCG(uint64(n), 2))
		order := rng.Perm(n)
		for name, tt := range map[string]struct {
			value func(i int) float64
			want  bool
		}{
			"two tables, shuffled":   {func(i int) float64 { return float64(order[i] % (n/2 + 1)) }, true},
			"a fifth of it twice":    {func(i int) float64 { return float64(order[i] % (4*n/5 + 1)) }, true},
			"hours":                  {func(i int) float64 { return float64(order[i] % 24) }, false},
			"minutes":                {func(i int) float64 { return float64(order[i] % 60) }, false},
			"codes":                  {func(i int) float64 { return float64(7 * order[i] / n) }, false},
			"evenly spread":          {func(int) float64 { return float64(rng.IntN(n)) }, false},
			"over a tenth of it":     {func(int) float64 { return float64(rng.IntN(n / 10)) }, false},
			"over ten times as much": {func(int) float64 { return float64(rng.IntN(10 * n)) }, false},
			"counts of events":       {func(int) float64 { return math.Floor(rng.ExpFloat64() * 30) }, false},
		} {
			s := NewSummarizer([]string{"x"})
			for i := range n {
				s.Add([]float64{tt.value(i)})
			}
			c := s.Summary()
			said := strings.Contains(noteText(c.Warnings()), "that repeats more rarely than by chance, from 0 to ")
			if got := c.Columns[0].Identifies(); got != tt.want || said != got {
				t.Errorf("%d rows, %s: got %v, warned %q", n, name, got, c.Warnings())
			}
		}
	}
}

// A repeated number identifies something if its name says so and there are more values than
// a code has.
func TestNumbersThatNameThings(t *testing.T) {
	for name, want := range map[string]bool{"customer_id": true, "userId": true, "ID": true, "body mass index": false, "index": false, "x": false} {
		for _, of := range []int{20, 300} {
			rng := rand.New(rand.NewPCG(1, 2))
			s := NewSummarizer([]string{name})
			for range 1000 {
				s.Add([]float64{float64(rng.IntN(of))})
			}
			if got := s.Summary().Columns[0].Identifies(); got != (want && of > 20) {
				t.Errorf("%s of %d: got %v", name, of, got)
			}
		}
	}
}

func noteText(notes []Note) (text string) {
	for _, n := range notes {
		text += n.String() + "\n"
	}
	return text
}

func TestNamesID(t *testing.T) {
	for name, want := range map[string]bool{
		"id": true, "ID": true, "Id": true, "user_id": true, "user id": true, "userId": true, "row index": true, "id2": true, "Index": true,
		"": false, "grid": false, "COVID": false, "Grid": false, "idle": false, "x": false, "123": false, "fluid": false,
	} {
		if namesID(name) != want {
			t.Errorf("%q: got %v", name, !want)
		}
	}
}
