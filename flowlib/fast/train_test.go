package fast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"normflow/flowlib/byhand"
	"normflow/internal/numbers"
)

func flowsAgree(t *testing.T, what string, got, want *byhand.Flow[float64], tol float64) {
	t.Helper()
	params := want.Params()
	for i, values := range got.Params() {
		for j, v := range values {
			near(t, fmt.Sprintf("%s: array %d, element %d", what, i, j), v, params[i][j], tol)
		}
	}
}

// Ten steps of Adam, whose first are as large for small gradients as for large
// ones: where a gradient is rounding alone, so is the step.
func TestTraining(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *Engine, f *byhand.Flow[float64], x []float32) {
		const batch, steps, rate = 100, 10, 1e-3
		trainer, err := NewTrainer(e, x)
		if err != nil {
			t.Fatal(err)
		}
		backprop, adam := byhand.NewBackprop(f), byhand.NewAdam[float64]()
		var rows []int32
		var want []float64
		for step := range steps {
			var events []float64
			for i := range batch {
				row := (step*37 + i*3) % 200
				rows = append(rows, int32(row))
				events = append(events, float64s(x[row*e.features:][:e.features])...)
			}
			nll, gradient := backprop.Gradient(events)
			want = append(want, nll)
			adam.Step(f.Params(), gradient.Params(), rate)
		}
		nll, rates := make([]float64, steps), make([]float64, steps)
		for i := range rates {
			rates[i] = rate
		}
		if made := trainer.Run(rows[:batch*4], rates[:4], nil, nll[:4]); made != 4 {
			t.Fatalf("made %d steps of 4", made)
		}
		if made := trainer.Run(rows[batch*4:], rates[4:], nil, nll[4:]); made != steps-4 {
			t.Fatalf("made %d steps of %d", made, steps-4)
		}
		for i := range nll {
			near(t, fmt.Sprintf("the NLL of step %d", i), nll[i], want[i], 1e-4)
		}
		got := byhand.Convert[float32](f)
		weights := e.Weights()
		for i, values := range got.Params() { // in the order of Arrays
			weights.Get(i, values)
		}
		flowsAgree(t, "the weights", byhand.Convert[float64](got), f, 2e-3)
	})
}

func TestClipNorm(t *testing.T) {
	f := realNVP(rand.New(rand.NewPCG(1, 9)), 2, 16)
	x := events(rand.New(rand.NewPCG(1, 10)), 2*64)
	rows := make([]int32, 64)
	for i := range rows {
		rows[i] = int32(i)
	}
	// Adam divides the size of the gradient away, but for its moments.
	moment := func(clip float64) (norm float64) {
		e, err := FromByHand(f, 2)
		if err != nil {
			t.Fatal(err)
		}
		trainer, err := NewTrainer(e, x)
		if err != nil {
			t.Fatal(err)
		}
		trainer.ClipNorm = clip
		trainer.Run(rows, []float64{1e-3}, nil, make([]float64, 1))
		for _, m := range trainer.mean {
			norm += float64(m) * float64(m) / 0.01 // mean = (1 - 0.9)·g
		}
		return math.Sqrt(norm)
	}
	free := moment(0)
	near(t, "the norm, clipped at half of it", moment(free/2), free/2, 1e-5)
	near(t, "the norm, clipped at twice", moment(free*2), free, 1e-5)
}

func TestNotFinite(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), 3e38} {
		f := realNVP(rand.New(rand.NewPCG(1, 11)), 2, 16)
		e, err := FromByHand(f, 2)
		if err != nil {
			t.Fatal(err)
		}
		x := events(rand.New(rand.NewPCG(1, 12)), 2*128)
		x[2*70] = bad // in the second batch, of the second thread
		logProb := make([]float64, 128)
		e.LogProb(logProb, x)
		if lp := logProb[70]; !math.IsNaN(lp) && !(lp < -1e30) {
			t.Errorf("log p of %g is %g", bad, lp)
		}
		trainer, err := NewTrainer(e, x)
		if err != nil {
			t.Fatal(err)
		}
		trainer.ClipNorm = 5
		rows := make([]int32, 3*40)
		for i := range rows {
			rows[i] = int32(i)
		}
		nll := make([]float64, 3)
		if made := trainer.Run(rows, []float64{1e-3, 1e-3, 1e-3}, nil, nll); made != 1 {
			t.Errorf("%g: made %d steps, want 1", bad, made)
		}
		if numbers.Finite(nll[1]) != (bad == 3e38) { // whose square a float64 holds, and so an NLL, yet no gradient
			t.Errorf("%g: the NLL is %g", bad, nll[1])
		}
		for _, w := range e.weights {
			if !numbers.Finite(float64(w)) {
				t.Fatalf("%g reached the weights", bad)
			}
		}
	}
}

// A row or a weight that is not there is refused before a thread begins: one that panics would
// leave the others at a barrier for ever.
func TestRowsThatAreNotThere(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	}
	e, err := FromByHand(realNVP(rand.New(rand.NewPCG(1, 16)), 2, 8), 2)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := NewTrainer(e, events(rand.New(rand.NewPCG(1, 17)), 2*50))
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for _, tt := range []struct {
		row     int32
		weights []float32
		want    string
	}{{-1, nil, "row -1, of 50"}, {50, nil, "row 50, of 50"}, {1, make([]float32, 49), "49 weights for 50 events"}} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, tt.want) {
					t.Errorf("got %s, want %s", text, tt.want)
				}
			}()
			trainer.Weights = tt.weights
			trainer.Run([]int32{tt.row, 2}, []float64{1e-3}, nil, make([]float64, 1))
		}()
	}
	if after := runtime.NumGoroutine(); after != before {
		t.Errorf("%d goroutines, before there were %d", after, before)
	}
}

// The same batches give the same bits on any number of threads.
func TestSameBits(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 5 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
	}
	for _, batch := range []int{17, 256, 64*20 + 5} {
		train := func(threads int) []float32 {
			e, err := FromByHand(realNVP(rand.New(rand.NewPCG(1, 13)), 2, 32, 32), threads)
			if err != nil {
				t.Fatal(err)
			}
			trainer, err := NewTrainer(e, events(rand.New(rand.NewPCG(1, 14)), 2*500))
			if err != nil {
				t.Fatal(err)
			}
			trainer.ClipNorm = 5
			const steps = 20
			rows, rates := make([]int32, steps*batch), make([]float64, steps)
			for i := range rows {
				rows[i] = int32(i * 7 % 500)
			}
			for i := range rates {
				rates[i] = 1e-3
			}
			nll := make([]float64, steps)
			if made := trainer.Run(rows, rates, nil, nll); made != steps {
				t.Fatalf("made %d steps", made)
			}
			return append(e.weights, float32(nll[steps-1]))
		}
		first := train(1)
		for _, threads := range []int{1, 2, 3, 5} {
			for i, w := range train(threads) {
				if w != first[i] {
					t.Fatalf("batch %d, %d threads: weight %d is %g, on one thread %g", batch, threads, i, w, first[i])
				}
			}
		}
	}
}
