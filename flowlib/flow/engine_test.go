package flow_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// bothEngines are a model with weights of some size, and the same on package fast.
func bothEngines(t *testing.T) (saved *flow.Saved, both map[string]flow.Engine) {
	t.Helper()
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 2, []int{8}
	cfg.Scaler = &dataset.Standardizer{Mean: []float64{100, -3}, Std: []float64{20, 0.5}}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		for i := range w.Values {
			w.Values[i] = 0.4 * math.Sin(float64(3*i+len(w.Path)))
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	if saved, err = m.Saved(nil); err != nil {
		t.Fatal(err)
	}
	f, err := saved.Fast()
	if err != nil {
		t.Fatal(err)
	}
	return saved, map[string]flow.Engine{"graph": m, "fast": f}
}

// Both engines score a window of a wider matrix as they do its rows, and their own draws
// as they say.
func TestEngines(t *testing.T) {
	_, both := bothEngines(t)
	wide := mat.NewDense(70, 4, nil)
	for i := range 70 {
		wide.SetRow(i, []float64{math.NaN(), 100 + 30*math.Sin(float64(i)), -3 + math.Cos(float64(2*i)), math.Inf(1)})
	}
	window := wide.Slice(0, 70, 1, 3).(*mat.Dense)
	var want []float64
	for _, name := range []string{"graph", "fast"} {
		e, got := both[name], make([]float64, 70)
		if err := e.LogProbTo(got, window); err != nil {
			t.Fatal(err)
		}
		rows, err := density.LogProb(e, density.Rows(window))
		if err != nil || !slices.Equal(got, rows) {
			t.Errorf("%s: a window has other densities than its rows, %v", name, err)
		}
		if want == nil {
			want = got
		}
		for i := range got {
			if !(math.Abs(got[i]-want[i]) <= 1e-5*max(1, math.Abs(want[i]))) {
				t.Errorf("%s: row %d has %g, want %g", name, i, got[i], want[i])
			}
		}
		var few [][]float64
		for _, n := range []int{100, 8192 + 100} {
			var x [][]float64
			var logProb []float64
			for d, err := range e.DrawChunks(flow.Sampling{Seed: -4, Count: n, LogProb: true}) {
				if err != nil {
					t.Fatal(err)
				}
				x, logProb = append(x, d.X...), append(logProb, d.LogProb...)
			}
			if len(x) != n || len(logProb) != n {
				t.Fatalf("%s: %d draws and %d densities, want %d", name, len(x), len(logProb), n)
			}
			if few != nil && !slices.EqualFunc(few, x[:100], slices.Equal) {
				t.Errorf("%s: fewer draws are not the first of more", name)
			}
			few = x[:100]
			again, err := density.LogProb(e, x)
			if err != nil {
				t.Fatal(err)
			}
			for i := range again {
				if !(math.Abs(again[i]-logProb[i]) <= 1e-4*max(1, math.Abs(again[i]))) {
					t.Fatalf("%s: draw %d has %g, scored %g", name, i, logProb[i], again[i])
				}
			}
		}
		for _, bad := range []struct {
			n    int
			x    *mat.Dense
			want string
		}{
			{3, mat.NewDense(2, 2, nil), "2 rows"},
			{2, mat.NewDense(2, 3, nil), "row 0 has 3 features, expected 2"},
			{2, mat.NewDense(2, 2, []float64{0, 1, 2, math.NaN()}), "row 1, column 1 is NaN"},
		} {
			if err := e.LogProbTo(make([]float64, bad.n), bad.x); err == nil || !strings.Contains(err.Error(), bad.want) {
				t.Errorf("%s: got %v, want %q", name, err, bad.want)
			}
		}
		if err := e.LogProbTo(nil, &mat.Dense{}); err != nil {
			t.Errorf("%s: no rows: %v", name, err)
		}
		for want, s := range map[string]flow.Sampling{"count": {Count: -1}, "temperature": {Count: 1, Temperature: -1}, "no context": {Count: 1, Context: [][]float64{{0}}}} {
			for _, err := range e.DrawChunks(s) {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: got %v, want %q", name, err, want)
				}
			}
		}
	}
}

// Broken weights are an error that names the row, never a number.
func TestFastNamesTheRowOfBrokenWeights(t *testing.T) {
	saved, both := bothEngines(t)
	for _, w := range saved.Weights {
		w.Values[0] = math.NaN()
	}
	f, err := saved.Fast()
	if err != nil {
		t.Fatal(err)
	}
	_, err = density.LogProb(f, [][]float64{{100, -3}})
	var nan *flow.NaNError
	if !errors.As(err, &nan) || !errors.Is(err, flow.ErrNaN) || nan.Row != 0 || !slices.Equal(nan.X, []float64{100, -3}) {
		t.Errorf("got %v", err)
	}
	for _, err := range f.DrawChunks(flow.Sampling{Count: 1}) {
		if err == nil {
			t.Error("broken weights draw")
		}
	}
	double, err := both["graph"].(*flow.Model).Float64()
	if err != nil {
		t.Fatal(err)
	}
	if saved, err = double.Saved(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := saved.Fast(); err == nil || !strings.Contains(err.Error(), "Float64") {
		t.Errorf("a model in Float64: %v", err)
	}
}
