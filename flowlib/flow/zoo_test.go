package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// smallModel is an entry of the zoo, small, initialized from data and moved away
// from its start, with a scaler of its features and of its context.
func smallModel(t *testing.T, name string, features, context int) *flow.Model {
	t.Helper()
	cfg, err := flow.Named(name, features)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Context, cfg.Layers, cfg.Hidden, cfg.Seed = context, 3, []int{8, 8}, 5
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([][]float64, 60)
	for i := range rows {
		for j := range cfg.Columns() {
			rows[i] = append(rows[i], float64(j)+(1+0.5*float64(j))*rng.NormFloat64())
		}
	}
	if cfg.Scaler, err = dataset.NewStandardizer(columnsOf(rows, 0, features)); err != nil {
		t.Fatal(err)
	}
	if context > 0 {
		if cfg.ContextScaler, err = dataset.NewStandardizer(columnsOf(rows, features, features+context)); err != nil {
			t.Fatal(err)
		}
	}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Initialize(rows); err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		if v := m.Store().GetVariable(w.Path); v.Trainable {
			for i := range w.Values {
				w.Values[i] += 0.15 * rng.NormFloat64()
			}
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return m
}

func columnsOf(rows [][]float64, from, to int) [][]float64 {
	out := make([][]float64, len(rows))
	for i, row := range rows {
		out[i] = row[from:to]
	}
	return out
}

var zooNames = []string{"realnvp", "nice", "glow", "nsf", "nsf+plain", "realnvp+actnorm+lu", "nsf+lu", "glow+mixture"}

// Every entry, at one feature and at an odd number, scores its own draws as it
// drew them, and gives the same answers after it was saved and loaded.
func TestZooSamplesScoresSavesAndLoads(t *testing.T) {
	for _, name := range zooNames {
		for _, features := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, D=%d", name, features), func(t *testing.T) {
				m := smallModel(t, name, features, 0)
				x, logProb, err := m.SampleLogProb(1, 50)
				if err != nil {
					t.Fatal(err)
				}
				again, err := m.LogProb(x)
				if err != nil {
					t.Fatal(err)
				}
				for i := range x {
					if !(math.Abs(again[i]-logProb[i]) <= 5e-3) { // float32, there and back
						t.Fatalf("draw %v has log-density %g, scored it has %g", x[i], logProb[i], again[i])
					}
				}
				dir := filepath.Join(t.TempDir(), "model")
				if err := m.Save(dir, nil); err != nil {
					t.Fatal(err)
				}
				loaded, err := flow.Load(m.Backend(), dir)
				if err != nil {
					t.Fatal(err)
				}
				// Other data must not initialize it again.
				other := [][]float64{make([]float64, features), x[0]}
				if err := loaded.Initialize(other); err != nil {
					t.Fatal(err)
				}
				if got, err := loaded.LogProb(x); err != nil || !reflect.DeepEqual(got, again) {
					t.Errorf("the loaded model gives %v, want %v, %v", got[:3], again[:3], err)
				}
			})
		}
	}
}

func TestNamed(t *testing.T) {
	c, err := flow.Named("realnvp+actnorm+lu", 2)
	if err != nil || !c.ActNorm || !c.LU || c.Architecture != "realnvp" {
		t.Errorf("got %+v, %v", c, err)
	}
	for _, name := range []string{"realnvp", "nice", "glow", "nsf", "realnvp+actnorm+lu+mixture", "nsf+plain+actnorm", "glow+plain", "glow+plain+lu"} {
		if c, err := flow.Named(name, 2); err != nil || c.Name() != name {
			t.Errorf("%q is called %q, %v", name, c.Name(), err)
		}
	}
	for name, want := range map[string]string{
		"maf":         "glow, nice, nsf, realnvp",
		"nsf+":        `there is no change ""`,
		"nsf+lu+qr":   `there is no change "qr"`,
		"":            `there is no model ""`,
		"nsf++lu":     `there is no change ""`,
		"nsf+actnorm": "",
	} {
		_, err := flow.Named(name, 2)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want an error with %q", name, err, want)
		}
	}
}

// A mixture starts on the data, and a flow at its start sees that through its layers.
func TestInitializeStartsTheMixture(t *testing.T) {
	cfg := flow.RealNVP(1)
	cfg.Base, cfg.Components, cfg.Layers, cfg.Hidden = "mixture", 2, 1, []int{2}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float64
	for i := range 100 {
		rows = append(rows, []float64{float64(6*(i%2)) + 0.1*math.Sin(float64(i))})
	}
	if err := m.Initialize(rows); err != nil {
		t.Fatal(err)
	}
	logProb, err := m.LogProb([][]float64{{0}, {3}, {6}})
	if err != nil {
		t.Fatal(err)
	}
	if !(logProb[0] > -1 && logProb[2] > -1 && logProb[1] < -20) {
		t.Errorf("log-densities at the two clusters and between them: %v", logProb)
	}
	if err := m.Initialize(rows[:50]); err != nil {
		t.Fatal(err)
	}
	if again, err := m.LogProb([][]float64{{0}, {3}, {6}}); err != nil || !reflect.DeepEqual(again, logProb) {
		t.Errorf("a second Initialize changed it: %v, %v, %v", logProb, again, err)
	}

	cfg.Components = 50
	if m, err = cfg.NewModel(m.Backend()); err != nil {
		t.Fatal(err)
	}
	if err := m.Initialize(rows[:50]); err == nil || !strings.Contains(err.Error(), "more than 50 rows") {
		t.Errorf("got %v", err)
	}
}

func TestInitializeNamesConstantFeatures(t *testing.T) {
	cfg := flow.Glow(2)
	cfg.Layers, cfg.Hidden = 2, []int{4}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	before, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for want, rows := range map[string][][]float64{
		"feature 1 (counting from 0) is constant": {{1, 3}, {2, 3}, {4, 3}},
		"at least two rows":                       {{1, 3}},
		"row 1, column 0 is NaN":                  {{1, 3}, {math.NaN(), 3}},
	} {
		if err := m.Initialize(rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want an error with %q", rows, err, want)
		}
		if after, err := m.Weights(); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%v: the model has changed, %v", rows, err)
		}
	}
}
