package tabular

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/byhand"
	"normflow/flowlib/fast"
	"normflow/flowlib/knots"
)

// engines are the scores of rows by all engines that there are here: by hand in float32
// and package fast where they know the model.
func engines(t *testing.T, dir string, rows [][]float64) map[string][]float64 {
	t.Helper()
	all := map[string][]float64{}
	m := open(t, dir, "auto")
	saved, err := m.Saved.Single()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go", "xla:cpu"} {
		// A process under the race detector, whose tests are short, ends by C's exit, where
		// XLA's plugin frees something twice.
		if name != "go" && testing.Short() {
			continue
		}
		b, err := backend.Open(name)
		if err != nil {
			t.Logf("without %s: %v", name, err)
			continue
		}
		g, err := saved.Model(b)
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = g.LogProb(rows); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := saved.ByHand(); err == nil {
		units := saved.Units()
		single := byhand.Convert[float32](f)
		u := units.Append32(nil, rows...)
		e, err := fast.FromByHand(single, 0)
		if err != nil {
			t.Fatal(err)
		}
		all["fast"] = make([]float64, len(rows))
		e.LogProb(all["fast"], u)
		all["by hand"] = single.LogProb(u)
		if k, err := knots.Compile(byhand.Convert[float64](f), 0); err == nil { // over two features
			tables, err := fast.NewTables(k, 0)
			if err != nil {
				t.Fatal(err)
			}
			all["tables"] = make([]float64, len(rows))
			tables.LogProb(all["tables"], u)
		}
		for _, name := range []string{"fast", "by hand", "tables"} {
			for i := range all[name] {
				all[name][i] += units.LogDet()
			}
		}
	}
	return all
}

// All engines give the same log-density, to 10⁻⁵ nats or as large a share of it, near
// the data and as far out as a float32 goes, and density 0 beyond. Where a density is
// steep, as on a spike, they are a little farther apart: what the networks of the
// conditioners round in float32 is multiplied there.
func TestEnginesAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("many rows, and no more threads than in other tests")
	}
	rng := rand.New(rand.NewPCG(8, 0))
	spiked := make([][]float64, 1000)
	for i := range spiked {
		spiked[i] = []float64{max(0, rng.ExpFloat64()-0.5), rng.NormFloat64()}
	}
	for _, tt := range []struct {
		name, model string
		table       [][]float64
		tolerance   float64
	}{
		{"moons", "realnvp", moons(1, 1000), 1e-5},
		{"moons", "nsf", moons(1, 1000), 1e-5},
		{"moons", "realnvp+mixture", moons(1, 1000), 1e-5},
		{"spiked", "realnvp", spiked, 5e-5},
	} {
		t.Run(tt.name+", "+tt.model, func(t *testing.T) {
			c := small()
			c.Model, c.Layers, c.Steps = tt.model, 4, 200
			dir := filepath.Join(t.TempDir(), "model")
			if _, err := Fit(context.Background(), write(t, "t.csv", []string{"a", "b"}, tt.table), dir, c, Progress{}); err != nil {
				t.Fatal(err)
			}
			rows := slices.Clone(tt.table[:500])
			near := len(rows)
			for power := 3; power < 40; power++ {
				for _, direction := range [][]float64{{1, 1}, {-1, 2}, {0, 1}, {3, 0.1}} {
					far := math.Pow10(power)
					rows = append(rows, []float64{direction[0] * far, direction[1] * far})
				}
			}
			all := engines(t, dir, rows)
			infinite := 0
			for i, want := range all["go"] {
				if math.IsInf(want, -1) {
					infinite++
				}
				tolerance := tt.tolerance * max(1, math.Abs(want))
				for engine, got := range all {
					if math.IsInf(got[i], -1) != math.IsInf(want, -1) || !math.IsInf(want, -1) && !(math.Abs(got[i]-want) <= tolerance) {
						t.Errorf("row %d, %v, has log-density %.9g by %s, %.9g by go", i, rows[i], got[i], engine, want)
					}
				}
				if i < near && math.IsInf(want, -1) {
					t.Errorf("row %d of the data, %v, has density 0", i, rows[i])
				}
			}
			if infinite == 0 || infinite > 20 { // beyond 10³⁸ or so
				t.Errorf("%d of %d rows have density 0", infinite, len(rows))
			}
		})
	}
}
