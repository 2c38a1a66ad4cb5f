package tabular

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/density"
	"normflow/flowlib/table"
)

func TestSample(t *testing.T) {
	dir, _ := fitted(t, small())
	for _, engine := range []string{"fast", "go"} {
		m := open(t, dir, engine)
		draw := func(c SampleConfig) *table.Table {
			t.Helper()
			out := filepath.Join(t.TempDir(), "o.csv")
			n, err := m.Sample(context.Background(), out, c)
			if err != nil {
				t.Fatal(err)
			}
			got := readAll(t, out)
			if n != c.Count || len(got.Rows) != n {
				t.Errorf("%s: %d and %d rows, want %d", engine, n, len(got.Rows), c.Count)
			}
			return got
		}
		long := draw(SampleConfig{Count: 9000, Seed: 3, Temperature: 1, LogProb: true}) // more than a chunk
		if strings.Join(long.Columns, " ") != "a b log_prob" {
			t.Errorf("%s: columns %v", engine, long.Columns)
		}
		// The density of draws is that of the same rows scored.
		x, _ := columnsOf(long.Rows, 2)
		logProb, err := density.LogProb(m, x)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range long.Rows {
			if i%500 == 0 && !(math.Abs(logProb[i]-row[2]) <= 1e-3) { // rows were rounded to float32 on the way
				t.Errorf("%s: row %d has %g, scored %g", engine, i, row[2], logProb[i])
			}
		}
		for _, chunk := range []int{4096, 8192} { // of a backend, of the engine fast
			if slices.Equal(long.Rows[chunk], long.Rows[0]) {
				t.Errorf("%s: row %d is the first one again", engine, chunk)
			}
		}
		short := draw(SampleConfig{Count: 10, Seed: 3, Temperature: 1})
		for i, row := range short.Rows {
			if !slices.Equal(row, long.Rows[i][:2]) {
				t.Errorf("%s: row %d is %v, of a longer sample %v", engine, i, row, long.Rows[i])
			}
		}
		if other := draw(SampleConfig{Count: 10, Seed: 4, Temperature: 1}); slices.Equal(other.Rows[0], short.Rows[0]) {
			t.Errorf("%s: two seeds draw the same", engine)
		}
		cold := draw(SampleConfig{Count: 2000, Temperature: 0.1})
		if s, all := axis(cold.Rows, 0), axis(long.Rows, 0); s.std > 0.6*all.std {
			t.Errorf("%s: at temperature 0.1 draws spread by %g, at 1 by %g", engine, s.std, all.std)
		}
		for _, c := range []SampleConfig{
			{Count: 0, Temperature: 1}, {Count: 1}, {Count: 1, Temperature: math.Inf(1)},
			{Count: 1, Temperature: 1, Condition: map[string]float64{"a": 1}},
		} {
			var wrong *table.Error
			if _, err := m.Sample(context.Background(), filepath.Join(t.TempDir(), "o.csv"), c); !errors.As(err, &wrong) || !wrong.Usage() {
				t.Errorf("%+v: %v", c, err)
			}
		}
	}
}

// p(y | x) with y = 3x + noise, and x left out of the density.
func TestConditional(t *testing.T) {
	rows := moons(1, 2000)
	for _, row := range rows {
		row[1] = 3*row[0] + 0.1*row[1]
	}
	file := write(t, "t.csv", []string{"x", "y"}, rows)
	dir := filepath.Join(t.TempDir(), "model")
	c := small()
	c.ConditionOn, c.Steps = []string{"x"}, 300
	r, err := Fit(context.Background(), file, dir, c, Progress{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Engine != "fast" || strings.Join(r.Features, "") != "y" || strings.Join(r.Context, "") != "x" {
		t.Errorf("engine %s, p(%v | %v)", r.Engine, r.Features, r.Context)
	}
	for _, engine := range []string{"auto", "go"} {
		t.Run(engine, func(t *testing.T) { conditional(t, open(t, dir, engine), file) })
	}
}

// conditional tests draws and scores of a model of p(y | x), y being about 3x.
func conditional(t *testing.T, m *Model, file string) {
	out := filepath.Join(t.TempDir(), "o.csv")
	sample := func(c SampleConfig) [][]float64 {
		t.Helper()
		c.Temperature = 1
		if _, err := m.Sample(context.Background(), out, c); err != nil {
			t.Fatal(err)
		}
		got := readAll(t, out)
		if strings.Join(got.Columns, " ") != "y x" {
			t.Errorf("columns %v", got.Columns)
		}
		return got.Rows
	}
	at := sample(SampleConfig{Count: 500, Condition: map[string]float64{"x": 1}})
	if s := axis(at, 0); math.Abs(s.mean-3) > 0.15 || s.std > 0.5 {
		t.Errorf("at x = 1 y is %+v, want about 3", s)
	}
	contexts := write(t, "c.csv", []string{"other", "x"}, [][]float64{{0, -1}, {0, 0}, {0, 1.5}})
	for i, row := range sample(SampleConfig{ConditionFile: contexts}) {
		if x := []float64{-1, 0, 1.5}[i]; row[1] != x || math.Abs(row[0]-3*x) > 1 {
			t.Errorf("given x = %g: drew %v", x, row)
		}
	}
	if _, err := m.Sample(context.Background(), contexts, SampleConfig{ConditionFile: contexts, Temperature: 1}); err == nil || !strings.Contains(err.Error(), "c.csv: is the file to read and the one to write") {
		t.Errorf("over its own contexts: %v", err)
	}
	// The context may come in any order, too.
	swapped := write(t, "s.csv", []string{"y", "x"}, [][]float64{{3, 1}, {3, -1}})
	if _, err := m.Score(context.Background(), swapped, out, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, out); got.Rows[0][0] < got.Rows[1][0]+5 {
		t.Errorf("y = 3 at x = 1 has %g nats, at x = -1 %g", got.Rows[0][0], got.Rows[1][0])
	}
	for want, condition := range map[string]map[string]float64{
		"expected finite values for x, found z=1":       {"z": 1},
		"expected values for x alone, found x=1,y=2.5":  {"y": 2.5, "x": 1},
		"expected finite values for x, found x=NaN,z=1": {"x": math.NaN(), "z": 1},
	} {
		if _, err := m.Sample(context.Background(), "", SampleConfig{Count: 1, Temperature: 1, Condition: condition}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, c := range []SampleConfig{
		{Count: 1}, {Count: 1, Condition: map[string]float64{"z": 1}}, {Count: 1, Condition: map[string]float64{"x": math.NaN()}},
		{Count: 1, Condition: map[string]float64{"x": 1, "y": 1}}, {ConditionFile: write(t, "n.csv", []string{"q"}, [][]float64{{1}})},
	} {
		c.Temperature = 1
		if _, err := m.Sample(context.Background(), out, c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	if e, err := m.Evaluate(context.Background(), file, Options{}, 0); err != nil || e.Diagnostics != nil || !strings.Contains(e.Undiagnosed, "conditional") || e.NLL == nil {
		t.Errorf("got %+v, %v", e, err)
	}
}

// No part of a file of contexts draws what another part, or another seed, draws.
func TestPartSeeds(t *testing.T) {
	seen := map[int64]bool{}
	for seed := range int64(100) {
		for part := range int64(100) {
			s := partSeed(seed, part)
			if part == 0 && s != seed {
				t.Errorf("the first part of seed %d has seed %d", seed, s)
			}
			if seen[s] {
				t.Fatalf("seed %d, part %d: seed %d is taken", seed, part, s)
			}
			seen[s] = true
		}
	}
}
