package flow_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// colours and sizes, features 0 and 2, beside a positive number.
func categorical(t *testing.T) *flow.Mixture {
	t.Helper()
	given := flow.RealNVP(1)
	given.Context, given.Layers, given.Hidden = 3, 2, []int{4}
	saved := savedOf(t, given)
	for i := range saved.Weights { // of a flow that depends on its context
		for k := range saved.Weights[i].Values {
			saved.Weights[i].Values[k] = math.Sin(float64(1 + i + 7*k))
		}
	}
	d := &categories.Density{
		Prior: 10,
		Columns: []categories.Column{
			{Feature: 2, Levels: []string{"large"}, Parent: -1, Shares: [][]float64{{0.7, 0.3}}, Shift: [][]float64{{1}, {-0.5}}},
			{Feature: 0, Levels: []string{"green", "red"}, Parent: 0, Shares: [][]float64{{0.5, 0.4, 0.1}, {0.25, 0.25, 0.5}}, LogScale: [][]float64{{0.3}, {0}, {-0.2}}},
		},
		Common: []categories.Combination{{Codes: []int{0, 1}, Rows: 5, Shift: []float64{0.7}, LogScale: []float64{0.1}}},
	}
	mixed, err := flow.NewCategorical(columns.Map{{}, {Kind: columns.Positive, Softness: 1}, {}}, d, []flow.Member{
		{Weight: 2, Saved: saved}, {Weight: 1, Saved: gaussianAt(t, 0.8, 0.5)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return mixed
}

// Sums over categories and integrals over numbers are one, read again from disk and from an
// export, and draws come as often as the density says.
func TestCategoriesSumToOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "m")
	if err := categorical(t).Write(dir); err != nil {
		t.Fatal(err)
	}
	m, err := flow.ReadMixture(dir)
	if err != nil {
		t.Fatal(err)
	}
	if m.Version != 7 || m.Features() != 3 || m.Context() != 0 || m.Name() != "mixture" {
		t.Errorf("version %d, %d features, %d of context, %s", m.Version, m.Features(), m.Context(), m.Name())
	}
	if _, err := m.Single(); err == nil {
		t.Error("it is taken for one flow")
	}
	for _, name := range []string{"w.npz", "w.safetensors"} {
		file := filepath.Join(t.TempDir(), name)
		if err := m.Export(file); err != nil {
			t.Fatal(err)
		}
		if m, err = flow.ImportMixture(file, nil); err != nil {
			t.Fatal(err)
		}
	}
	e, err := m.Engine(fastEngine)
	if err != nil {
		t.Fatal(err)
	}
	const h, low, high = 0.005, 0, 40.
	probability, below := map[[2]float64]float64{}, map[[2]float64]float64{}
	total := 0.0
	for colour := range 3 {
		for size := range 2 {
			at := [2]float64{float64(colour), float64(size)}
			var rows [][]float64
			for x := low + h/2; x < high; x += h {
				rows = append(rows, []float64{at[0], x, at[1]})
			}
			logProb, err := density.LogProb(e, rows)
			if err != nil {
				t.Fatal(err)
			}
			for i, lp := range logProb {
				p := h * math.Exp(lp)
				if probability[at] += p; rows[i][1] < 1 {
					below[at] += p
				}
			}
			total += probability[at]
			codes := []int{size, colour}
			if want := math.Exp(m.Categories.LogProb(codes)); math.Abs(probability[at]-want) > 1e-3 {
				t.Errorf("%v: integrates to %g, expected %g", at, probability[at], want)
			}
		}
	}
	if math.Abs(total-1) > 1e-3 {
		t.Errorf("the density sums to %g", total)
	}
	const n = 40000
	drawn, drawnBelow := map[[2]float64]float64{}, map[[2]float64]float64{}
	var few [][]float64
	for d, err := range e.DrawChunks(flow.Sampling{Seed: 3, Count: n, LogProb: true}) {
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range d.X {
			if len(few) < 100 {
				few = append(few, x)
			}
			at := [2]float64{x[0], x[2]}
			if drawn[at] += 1. / n; x[1] < 1 {
				drawnBelow[at] += 1. / n
			}
			if !(x[1] > 0) || math.IsNaN(d.LogProb[i]) || math.IsInf(d.LogProb[i], 0) {
				t.Fatalf("drew %v of log-density %g", x, d.LogProb[i])
			}
		}
	}
	for at, p := range probability {
		for _, pair := range [][2]float64{{p, drawn[at]}, {below[at], drawnBelow[at]}} {
			if se := math.Sqrt(pair[0] / n); math.Abs(pair[0]-pair[1]) > 4*se+1e-3 {
				t.Errorf("%v is drawn with %g, expected %g", at, pair[1], pair[0])
			}
		}
	}
	for d, err := range e.DrawChunks(flow.Sampling{Seed: 3, Count: 100}) { // the shorter sample
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range d.X {
			if x[1] != few[i][1] || x[0] != few[i][0] {
				t.Fatalf("draw %d is %v, in a longer sample %v", i, x, few[i])
			}
		}
	}
	none, err := density.LogProb(e, [][]float64{{3, 1, 0}, {0.5, 1, 0}, {-1, 1, 0}, {0, -1, 0}, {1e300, 1, 0}})
	if err != nil {
		t.Fatal(err)
	}
	for i, lp := range none {
		if !math.IsInf(lp, -1) {
			t.Errorf("row %d has a log-density of %g, expected -Inf", i, lp)
		}
	}
}

func TestCategoriesAreChecked(t *testing.T) {
	for want, change := range map[string]func(m *flow.Mixture){
		"a prior of 0 rows": func(m *flow.Mixture) { m.Categories.Prior = 0 },
		"expected 1, and none or 2": func(m *flow.Mixture) {
			m.Categories.Columns[1].Levels = []string{"a"}
			m.Categories.Columns[1].Shares = [][]float64{{0.5, 0.5}, {0.5, 0.5}}
			m.Categories.Columns[1].LogScale = nil
		},
		"holds categories and has a map":  func(m *flow.Mixture) { m.Columns[0] = m.Columns[1] },
		"its columns: maps of 3":          func(m *flow.Mixture) { m.Atoms = atomic(t).Atoms },
		"columns of context, member 0":    func(m *flow.Mixture) { m.Categories, m.Columns = nil, nil },
		"the weights of the members sum ": func(m *flow.Mixture) { m.Members[0].Weight /= 2 },
	} {
		m := categorical(t)
		change(m)
		if err := m.Write(filepath.Join(t.TempDir(), "m")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
