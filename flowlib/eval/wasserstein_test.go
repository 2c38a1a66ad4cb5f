package eval_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/eval"
)

func TestSlicedWassersteinFalseAlarms(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	checkFalseAlarms(t, 400, func(trial int) float64 {
		r, err := eval.SlicedWasserstein(unit(rng, 30, 2), unit(rng, 50, 2), 8, coarsePermutations, int64(trial))
		if err != nil {
			t.Fatal(err)
		}
		return r.PValue
	}, nil)
}

func TestSlicedWassersteinByHand(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	distance := func(x, y [][]float64, directions int) float64 {
		t.Helper()
		r, err := eval.SlicedWasserstein(x, y, directions, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		return r.Statistic
	}
	x := unit(rng, 40, 1)
	moved := make([][]float64, len(x))
	for i := range x {
		moved[i] = []float64{x[i][0] + 0.7}
	}
	if got := distance(x, moved, 3); !(math.Abs(got-0.7) <= 1e-12) {
		t.Errorf("one feature moved by 0.7: %g", got)
	}
	if got := distance(x, append(append([][]float64{}, x...), x...), 3); !(got <= 1e-12) {
		t.Errorf("a sample against itself twice: %g", got)
	}
	// Unequal sizes: half of the mass at 0 goes to 3, the other half stays.
	if got := distance([][]float64{{0}, {0}, {0}}, [][]float64{{0}, {3}}, 1); !(math.Abs(got-1.5) <= 1e-12) {
		t.Errorf("half of the mass moved by 3: %g", got)
	}
	// In the plane, a move by a is seen as |cos|·a, on average 2a/π.
	flat, far := unit(rng, 40, 2), make([][]float64, 40)
	for i := range flat {
		far[i] = []float64{flat[i][0] + 3, flat[i][1] - 4}
	}
	const directions = 4000 // the mean of |cos| has a standard error of 0.31/√4000
	if got, want := distance(flat, far, directions), 5*2/math.Pi; !(math.Abs(got-want) <= 4*5*0.31/math.Sqrt(directions)) {
		t.Errorf("moved by 5 in the plane: %g, want %g", got, want)
	}
}

func TestSlicedWassersteinWantsDirections(t *testing.T) {
	x := [][]float64{{0}, {1}}
	if _, err := eval.SlicedWasserstein(x, x, 0, 9, 1); err == nil {
		t.Error("no direction was accepted")
	}
	if _, err := eval.SlicedWasserstein(x, x, 1, -1, 1); err == nil {
		t.Error("-1 permutations were accepted")
	}
}
