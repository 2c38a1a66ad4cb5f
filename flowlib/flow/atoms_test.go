package flow_test

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/columns"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// atomic has 0 as an atom of the first of two features, and 1 and 5 of the second.
func atomic(t *testing.T) *flow.Mixture { return atomicOf(t, 1) }

// atomicOf has another atom in place of 1.
func atomicOf(t *testing.T, one float64) *flow.Mixture {
	t.Helper()
	m, err := flow.NewAtomic(columns.Map{{Kind: columns.Positive, Softness: 1}, {}}, flow.Atoms{
		Values: [][]float64{{0}, {one, 5}},
		Points: []flow.Point{{Weight: 2, At: []int{1, 1}}},
		Rest: flow.Rest{
			Weight: 0.5, Mean: []float64{1, 2}, Std: []float64{1, 0.5},
			Shares: [][]float64{{0.5, 0.5}, {0.2, 0.3, 0.5}},
		},
	}, nil, []flow.Member{
		{Weight: 3, Saved: gaussianAt(t, 0.8, 1, 1), At: []int{0, 0}},
		{Weight: 1, Saved: gaussianAt(t, 0.8, 0, 0), At: []int{0, 0}},
		{Weight: 2, Saved: gaussianAt(t, 0.8, -1), At: []int{1, 0}},
		{Weight: 1.5, Saved: gaussianAt(t, 0.8, 2), At: []int{0, 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Sums over atoms and integrals over what is at none are 1, read again from disk, and
// draws have the probability of each pattern.
func TestAtomsSumToOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "m")
	if err := atomic(t).Write(dir); err != nil {
		t.Fatal(err)
	}
	m, err := flow.ReadMixture(dir)
	if err != nil {
		t.Fatal(err)
	}
	e, err := m.Engine(fastEngine)
	if err != nil {
		t.Fatal(err)
	}
	const h = 0.04
	var first, second []float64 // off the atoms
	for x := h / 2; x < 9; x += h {
		first = append(first, x+1e-5)
	}
	for x := -6 + h/2; x < 8; x += h {
		second = append(second, x+1e-5)
	}
	integral := func(a, b []float64, volume float64) float64 {
		var rows [][]float64
		for _, x := range a {
			for _, y := range b {
				rows = append(rows, []float64{x, y})
			}
		}
		logProb, err := density.LogProb(e, rows)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, lp := range logProb {
			sum += math.Exp(lp) * volume
		}
		return sum
	}
	want := map[[2]int]float64{}
	total := 0.0
	for i, a := range [][]float64{first, {0}} {
		for k, b := range [][]float64{second, {1}, {5}} {
			volume := 1.0
			if i == 0 {
				volume *= h
			}
			if k == 0 {
				volume *= h
			}
			want[[2]int{i, k}] = integral(a, b, volume)
			total += want[[2]int{i, k}]
		}
	}
	if !(math.Abs(total-1) < 2e-3) {
		t.Errorf("the density sums to %g: %v", total, want)
	}
	const n = 20000
	got := map[[2]int]float64{}
	for d, err := range e.DrawChunks(flow.Sampling{Seed: 1, Count: n, Temperature: 1, LogProb: true}) {
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range d.X {
			at := m.Atoms.PatternOf(x)
			got[[2]int{at[0], at[1]}] += 1. / n
			if x[0] < 0 || math.IsInf(d.LogProb[i], 0) || math.IsNaN(d.LogProb[i]) {
				t.Fatalf("drew %v of log-density %g", x, d.LogProb[i])
			}
		}
	}
	for at, p := range want {
		if se := math.Sqrt(p * (1 - p) / n); !(math.Abs(got[at]-p) < 4*se+1e-3) {
			t.Errorf("%v is drawn with %g, expected %g", at, got[at], p)
		}
	}
	far, err := density.LogProb(e, [][]float64{{-1, 0}, {1e300, -1e300}, {0, 1e300}, {0, 1}})
	if err != nil || slices.ContainsFunc(far, math.IsNaN) || !math.IsInf(far[0], -1) {
		t.Errorf("far outside: %v, %v", far, err)
	}
	if _, err := m.Single(); err == nil || m.Features() != 2 {
		t.Errorf("it is taken for one flow of %d features", m.Features())
	}
}

func TestAtomsAreChecked(t *testing.T) {
	for want, change := range map[string]func(m *flow.Mixture){
		"a pattern of 1 features":               func(m *flow.Mixture) { m.Members[0].At = []int{0} },
		"atom 2 of feature 0, which has 1":      func(m *flow.Mixture) { m.Members[0].At = []int{2, 0} },
		"member 0 has 2 features, its pattern":  func(m *flow.Mixture) { m.Members[0].At = []int{1, 0} },
		"the weights of the members sum to":     func(m *flow.Mixture) { m.Atoms.Rest.Weight /= 2 },
		"expected finite numbers that rise":     func(m *flow.Mixture) { m.Atoms.Values[1] = []float64{5, 1} },
		"expected more than 0":                  func(m *flow.Mixture) { m.Atoms.Rest.Shares[0] = []float64{1, 0} },
		"expected an atom of each feature":      func(m *flow.Mixture) { m.Atoms.Points[0].At = []int{1, 0} },
		"has a pattern of atoms, and the mixtu": func(m *flow.Mixture) { m.Atoms = nil },
	} {
		m := atomic(t)
		change(m)
		if err := m.Write(filepath.Join(t.TempDir(), "m")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
