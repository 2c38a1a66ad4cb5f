package fast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"normflow/flowlib/byhand"
	"normflow/flowlib/knots"
	"normflow/internal/kernel"
	"normflow/internal/numbers"
)

// tables returns the flow of the benchmarks as both kinds of engine.
func tables(t testing.TB, threads int) (networks, looked *Engine, f *byhand.Flow[float64]) {
	t.Helper()
	of := realNVP(rand.New(rand.NewPCG(1, 1)), 2, 64, 64)
	networks, err := FromByHand(of, threads)
	if err != nil {
		t.Fatal(err)
	}
	f = byhand.Convert[float64](of)
	k, err := knots.Compile(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	if looked, err = NewTables(k, threads); err != nil {
		t.Fatal(err)
	}
	return networks, looked, f
}

// Both engines round float32s on the way through eight layers: neither is farther from
// the truth, which is package byhand in float64, than the rounding allows.
func TestTablesScoreAndDrawAsTheNetworks(t *testing.T) {
	for _, set := range kernel.All() {
		for _, threads := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s/%d threads", set.Name, threads), func(t *testing.T) {
				networks, looked, f := tables(t, threads)
				networks.WithKernels(set)
				looked.WithKernels(set)
				x := events(rand.New(rand.NewPCG(1, 2)), 2*1000)
				far := []float32{9, 0, 5, -5, 0, -5.5, 1e4, -1e4} // beyond the conditioners' bound, and at it
				copy(x, far)
				want := f.LogProb(float64s(x))
				for _, n := range []int{1, 63, 64, 65, 1000} {
					got := make([]float64, n)
					looked.LogProb(got, x[:2*n])
					for i := range got {
						near(t, fmt.Sprintf("log p of event %d of %d", i, n), got[i], want[i], 2e-5)
					}
				}
				const n = 150
				x, y, logProb := make([]float32, 2*n), make([]float32, 2*n), make([]float64, n)
				networks.Sample(x, nil, nil, 7, 0, 1)
				looked.Sample(y, nil, logProb, 7, 0, 1)
				for i := range x {
					near(t, fmt.Sprintf("number %d of the sample", i), float64(y[i]), float64(x[i]), 2e-5)
				}
				for i, want := range f.LogProb(float64s(y)) {
					near(t, fmt.Sprintf("log p of draw %d", i), logProb[i], want, 1e-4)
				}
			})
		}
	}
}

// At every knot, beside it and in the middle of every piece, each float32 finds its piece.
func TestEveryNumberFindsItsPiece(t *testing.T) {
	_, _, f := tables(t, 1)
	k, err := knots.Compile(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range k.Layers {
		of := l.Table
		looked, err := newTable(of)
		if err != nil {
			t.Fatal(err)
		}
		var u []float32
		for j, x := range of.X {
			at := float32(x)
			u = append(u, at, math.Nextafter32(at, -9), math.Nextafter32(at, 9), float32(x+of.X[max(0, j-1)])/2)
		}
		r, shift := make([]float32, len(u)), make([]float32, len(u))
		looked.answer(r, shift, u)
		for j, v := range u {
			wantR, wantT := of.At(float64(v))
			near(t, fmt.Sprintf("r at %g", v), float64(r[j]), wantR, 1e-6)
			near(t, fmt.Sprintf("t at %g", v), float64(shift[j]), wantT, 1e-6)
		}
	}
}

func TestTablesOfWhatIsNotFinite(t *testing.T) {
	_, looked, _ := tables(t, 1)
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	got := make([]float64, 4)
	looked.LogProb(got, []float32{nan, 0, 0, nan, inf, 0, 0, 0})
	if !math.IsNaN(got[0]) || !math.IsNaN(got[1]) || got[2] > -1e30 || !numbers.Finite(got[3]) {
		t.Errorf("got %v", got)
	}
}

func TestTablesRefuse(t *testing.T) {
	_, looked, f := tables(t, 1)
	if _, err := NewTrainer(looked, make([]float32, 4)); err == nil || !strings.Contains(err.Error(), "no weights") {
		t.Errorf("training: got %v", err)
	}
	for name, spoil := range map[string]func(k *knots.Flow){
		"one knot":    func(k *knots.Flow) { k.Layers[1].X = k.Layers[1].X[:1] },
		"falling":     func(k *knots.Flow) { k.Layers[1].X[1] = -6 },
		"answers":     func(k *knots.Flow) { k.Layers[1].T = nil },
		"feature":     func(k *knots.Flow) { k.Layers[1].Frozen = 2 },
		"log-scale":   func(k *knots.Flow) { k.Layers[1].MaxLogScale = math.NaN() },
		"not a bound": func(k *knots.Flow) { k.Layers[1].X[0] = math.NaN() },
	} {
		k, err := knots.Compile(f, 0)
		if err != nil {
			t.Fatal(err)
		}
		spoil(k)
		if _, err := NewTables(k, 1); err == nil || !strings.Contains(err.Error(), "layer 1: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func BenchmarkTables(b *testing.B) {
	_, looked, _ := tables(b, 1)
	const n = 100_000
	x, logProb := events(rand.New(rand.NewPCG(1, 2)), 2*n), make([]float64, n)
	for name, work := range map[string]func(){
		"LogProb": func() { looked.LogProb(logProb, x) },
		"Sample":  func() { looked.Sample(x, nil, nil, 1, 0, 1) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				work()
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
