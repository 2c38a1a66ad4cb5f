package tabular

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

// factors are rows of three hidden factors and noise, which a few hundred rows cannot
// teach a flow.
func factors(seed int64, n, columns int) [][]float64 {
	load := rand.New(rand.NewPCG(11, 12)) // the same for all seeds
	var loads [][3]float64
	for range columns {
		loads = append(loads, [3]float64{load.NormFloat64(), load.NormFloat64(), load.NormFloat64()})
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 13))
	var rows [][]float64
	for range n {
		f := [3]float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
		row := make([]float64, columns)
		for j, l := range loads {
			row[j] = l[0]*f[0] + l[1]*f[1] + l[2]*f[2] + 0.3*rng.NormFloat64()
		}
		rows = append(rows, row)
	}
	return rows
}

func TestKeepsTheGaussian(t *testing.T) {
	columns := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	file := write(t, "factors.csv", columns, factors(1, 300, len(columns)))
	fresh := write(t, "fresh.csv", columns, factors(2, 2000, len(columns)))
	nll := func(c FitConfig) (float64, *Record) {
		t.Helper()
		c.Steps = 60
		dir := filepath.Join(t.TempDir(), "model")
		var notes []string
		r, err := Fit(context.Background(), file, dir, c, Progress{Note: func(n table.Note) { notes = append(notes, n.String()) }})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(notes, func(note string) bool {
			return strings.Contains(note, "Gaussian of the rows' mean") || strings.HasPrefix(note, "  gaussian:")
		}) && c.Model != "gaussian" {
			t.Errorf("no note on the Gaussian: %q", notes)
		}
		m := open(t, dir, "auto")
		seen, err := m.Score(context.Background(), fresh, filepath.Join(t.TempDir(), "out.csv"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return seen.NLL.Mean, r
	}
	c := DefaultFit()
	kept, r := nll(c)
	if len(r.Compared) < 4 || r.Compared[0].Name != "gaussian" || r.Compared[0].Weight < 0.5 || r.Folds != numFolds {
		t.Errorf("the record says %+v", r.Compared)
	}
	c.Model = "gaussian"
	named, r := nll(c)
	if r.Gaussian != nil || r.Result.Stopped != "" || len(r.Result.Curve) > 0 {
		t.Errorf("the record says %+v, %+v", r.Gaussian, r.Result)
	}
	if math.Abs(kept-named) > 0.05 { // which has seen fewer rows
		t.Errorf("NLL %g of the Gaussian that was kept, %g of one asked for", kept, named)
	}
	c.Model, c.Engine = "nsf", "go"
	if flow, r := nll(c); r.Gaussian == nil || !(flow > kept+0.2) {
		t.Errorf("NLL %g of the flow that was asked for, %g of the Gaussian; %+v", flow, kept, r.Gaussian)
	}
}

// Moons are no Gaussian.
func TestLeavesTheGaussian(t *testing.T) {
	file := write(t, "moons.csv", []string{"a", "b"}, moons(1, 1000))
	c := DefaultFit()
	c.Steps = 200
	r, err := Fit(context.Background(), file, filepath.Join(t.TempDir(), "model"), c, Progress{})
	if err != nil {
		t.Fatal(err)
	}
	if g := r.Compared[0]; g.Weight > 0.2 || !(g.Behind > 0.3) {
		t.Errorf("got %+v", r.Compared)
	}
}
