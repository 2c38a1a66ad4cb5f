package fit

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
)

// Parts of a batch, of different sizes, make the steps that the whole makes, that of
// the averages included; and the same number of parts the same bits.
func TestPartsEqualWhole(t *testing.T) {
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	fc := flow.RealNVP(2)
	fc.Layers, fc.Hidden = 2, []int{8}
	cfg := Config{Steps: 25, BatchSize: 50, LearningRate: 1e-2, ClipNorm: 1, EvalEvery: 25, EMADecay: 0.9, WeightDecay: 0.1}
	train := [][]float64{}
	for i := range 64 {
		train = append(train, []float64{float64(i%8) - 4, math.Sin(float64(i))})
	}
	run := func(count int) (nll float64, final []flow.Weight) {
		m, err := fc.NewModel(b)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := newTrainer(m, train, nil, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if tr.engine, err = newStepwise(tr, count); err != nil {
			t.Fatal(err)
		}
		if err := tr.startAverages(); err != nil {
			t.Fatal(err)
		}
		if nll, err = tr.run(0, cfg.Steps, nil); err != nil {
			t.Fatal(err)
		}
		keep := func() error {
			w, err := m.Weights()
			final = append(final, w...)
			return err
		}
		if err := errors.Join(keep(), tr.withAverages(keep)); err != nil {
			t.Fatal(err)
		}
		return nll, final
	}
	apart := func(a, b []flow.Weight) (most float64) {
		for i, w := range a {
			for j, v := range w.Values {
				most = max(most, math.Abs(v-b[i].Values[j]))
			}
		}
		return most
	}
	whole, weights := run(1)
	for _, count := range []int{2, 3} { // of 25 rows each; of 16, 17 and 17
		nll, partly := run(count)
		// float32 rounding over 25 steps
		if d := apart(weights, partly); !(math.Abs(nll-whole) <= 1e-5) || !(d <= 1e-4) || d == 0 {
			t.Errorf("%d parts: NLL %g, whole %g; weights apart by %g", count, nll, whole, d)
		}
		if again, same := run(count); again != nll || apart(partly, same) != 0 {
			t.Errorf("%d parts: NLL %g, then %g; weights apart by %g", count, nll, again, apart(partly, same))
		}
	}
}

// A row that breaks a part of a large batch is found.
func TestPartsExplain(t *testing.T) {
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	m, err := flow.RealNVP(2).NewModel(b)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]float64, 2*minPart)
	for i := range rows {
		rows[i] = []float64{float64(i % 3), float64(i % 5)}
	}
	rows[100] = []float64{0, 1e38} // its square is more than float32 holds
	tr, err := newTrainer(m, rows, nil, Config{Steps: 1, BatchSize: len(rows), LearningRate: 1e-3, EvalEvery: 1, InOrder: true})
	if err != nil {
		t.Fatal(err)
	}
	if tr.engine, err = newStepwise(tr, 2); err != nil {
		t.Fatal(err)
	}
	store, err := tr.take(0, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.run(0, 1, store); err == nil || !strings.Contains(err.Error(), "training row 100") {
		t.Errorf("got %v", err)
	}
}

func TestNumParts(t *testing.T) {
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	if n := numParts(b, 2*minPart-1); n != 1 {
		t.Errorf("%d parts of less than two", n)
	}
}

// Weights are those of any number of cores, to the last bit.
func TestCoresChangeNothing(t *testing.T) {
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	fc := flow.RealNVP(2)
	fc.Layers, fc.Hidden = 2, []int{16}
	rows := make([][]float64, 700)
	for i := range rows {
		rows[i] = []float64{math.Sin(float64(i)), math.Cos(1.7 * float64(i))}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, engine := range []string{EngineGraph, EngineFast} {
		var first []flow.Weight
		for _, cores := range []int{1, 2, 3, 5} {
			runtime.GOMAXPROCS(cores)
			m, err := fc.NewModel(b)
			if err != nil {
				t.Fatal(err)
			}
			s, err := NewStepper(m, rows, Config{Steps: 10, BatchSize: 600, LearningRate: 1e-2, ClipNorm: 1, EvalEvery: 10, Engine: engine})
			if err == nil {
				_, err = s.Advance(10)
			}
			if err != nil {
				t.Fatal(err)
			}
			w, err := m.Weights()
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = w
			}
			for i := range w {
				if !slices.Equal(w[i].Values, first[i].Values) {
					t.Errorf("engine %q: %s differs on %d cores", engine, w[i].Path, cores)
				}
			}
		}
	}
}
