package flow_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/columns"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// savedOf is a fresh model of a config.
func savedOf(t *testing.T, c flow.Config) *flow.Saved {
	t.Helper()
	m, err := c.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Saved(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// gaussianAt is a Gaussian of a mean for each feature, all of that standard deviation.
func gaussianAt(t *testing.T, std float64, mean ...float64) *flow.Saved {
	t.Helper()
	c := flow.Gaussian(len(mean))
	c.Scaler = &dataset.Standardizer{Mean: mean, Std: slices.Repeat([]float64{std}, len(mean))}
	return savedOf(t, c)
}

// strayed is a flow whose weights are not those of the identity.
func strayed(t *testing.T) *flow.Saved {
	t.Helper()
	c := flow.RealNVP(2)
	c.Layers, c.Hidden = 2, []int{4}
	s := savedOf(t, c)
	for _, w := range s.Weights {
		for i := range w.Values {
			w.Values[i] = float64(float32(w.Values[i] + 0.3*math.Sin(float64(i))))
		}
	}
	return s
}

// mappedMixture is one of two flows behind maps of both columns.
func mappedMixture(t *testing.T) *flow.Mixture {
	t.Helper()
	maps := columns.Map{
		{Kind: columns.Positive, Low: -1, Softness: 2, Margin: 0.5, Center: 0.25, Scale: 2, Freedom: 3},
		{Kind: columns.Periodic, High: 24, Cut: 3},
	}
	m, err := flow.NewMixture(maps, []flow.Member{{Weight: 1, Saved: gaussianAt(t, 2, 1, -1)}, {Weight: 3, Saved: strayed(t)}})
	if err != nil {
		t.Fatal(err)
	}
	m.Training = []byte(`{"steps":7}`)
	return m
}

func fastEngine(s *flow.Saved) (flow.Engine, error) { return s.Fast() }

func TestMixture(t *testing.T) {
	members := []flow.Member{{Weight: 3, Saved: gaussianAt(t, 0.5, 4, -4)}, {Weight: 0, Saved: gaussianAt(t, 1, 9, -9)}, {Weight: 1, Saved: strayed(t)}}
	m, err := flow.NewMixture(nil, members)
	if err != nil {
		t.Fatal(err)
	}
	m.Training = []byte(`{"steps":7}`)
	if len(m.Members) != 2 || m.Members[0].Weight != 0.75 {
		t.Fatalf("%d members, the first of weight %g", len(m.Members), m.Members[0].Weight)
	}
	engine, err := m.Engine(fastEngine)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]float64{{4, -4}, {0, 0}, {2, 1}, {5, -3}}
	got, err := density.LogProb(engine, rows)
	if err != nil {
		t.Fatal(err)
	}
	var of [2][]float64
	for k := range of {
		e, err := m.Members[k].Fast()
		if err != nil {
			t.Fatal(err)
		}
		if of[k], err = density.LogProb(e, rows); err != nil {
			t.Fatal(err)
		}
	}
	for i, lp := range got {
		want := math.Log(0.75*math.Exp(of[0][i]) + 0.25*math.Exp(of[1][i]))
		if !(math.Abs(lp-want) < 1e-9) {
			t.Errorf("row %d: %g, expected %g", i, lp, want)
		}
	}

	dir := filepath.Join(t.TempDir(), "m")
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	read, err := flow.ReadMixture(dir)
	if err != nil {
		t.Fatal(err)
	}
	if read.Version != 6 || len(read.Members) != 2 || !strings.Contains(string(read.Training), "7") {
		t.Errorf("version %d, %d members, record %s", read.Version, len(read.Members), read.Training)
	}
	again, err := read.Engine(fastEngine)
	if err != nil {
		t.Fatal(err)
	}
	for i, lp := range must.M1(density.LogProb(again, rows)) {
		if lp != got[i] {
			t.Errorf("row %d: %g after loading, %g before", i, lp, got[i])
		}
	}
	if _, err := flow.Read(dir); err == nil || !strings.Contains(err.Error(), "mixture of 2 flows") {
		t.Errorf("read as one flow: %v", err)
	}

	text, err := os.ReadFile(filepath.Join(dir, "model.json"))
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), `"weight": 0.75`, `"weight": 0.95`, 1))
	if err := os.WriteFile(filepath.Join(dir, "model.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := flow.ReadMixture(dir); err == nil {
		t.Error("read an edited weight")
	}
}

// Draws come from the members by their weights, the same for a seed, and the first ones
// whatever their number is.
func TestMixtureDraws(t *testing.T) {
	m, err := flow.NewMixture(nil, []flow.Member{{Weight: 0.2, Saved: gaussianAt(t, 0.5, 40, -40)}, {Weight: 0.8, Saved: strayed(t)}})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := m.Engine(fastEngine)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(n int) (x [][]float64, logProb []float64) {
		for d, err := range engine.DrawChunks(flow.Sampling{Seed: 3, Count: n, LogProb: true}) {
			if err != nil {
				t.Fatal(err)
			}
			x, logProb = append(x, d.X...), append(logProb, d.LogProb...)
		}
		return x, logProb
	}
	const n = 20000
	x, logProb := draw(n)
	share := 0.0
	for _, row := range x {
		if row[0] > 30 {
			share++
		}
	}
	if share /= n; math.Abs(share-0.2) > 4*math.Sqrt(0.16/n) {
		t.Errorf("%.4f of the draws are of the first member, expected 0.2", share)
	}
	scored, err := density.LogProb(engine, x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range scored {
		if scored[i] != logProb[i] {
			t.Fatalf("draw %d has log-density %g, scored it has %g", i, logProb[i], scored[i])
		}
	}
	first, _ := draw(9000)
	for i, row := range first {
		if row[0] != x[i][0] || row[1] != x[i][1] {
			t.Fatalf("draw %d of 9000 is %v, of %d it is %v", i, row, n, x[i])
		}
	}
}

func TestMixtureRefuses(t *testing.T) {
	for name, members := range map[string][]flow.Member{
		"none":            nil,
		"negative weight": {{Weight: -1, Saved: gaussianAt(t, 1, 0, 0)}, {Weight: 2, Saved: gaussianAt(t, 1, 0, 0)}},
		"NaN":             {{Weight: math.NaN(), Saved: gaussianAt(t, 1, 0, 0)}},
		"other features":  {{Weight: 1, Saved: gaussianAt(t, 1, 0, 0)}, {Weight: 1, Saved: gaussianAt(t, 1, 0, 0, 0)}},
		"nil":             {{Weight: 1}},
	} {
		if _, err := flow.NewMixture(nil, members); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
