package eval_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"normflow/flowlib/eval"
)

func TestMMDFalseAlarms(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	sum, squares := 0.0, 0.0
	const trials = 400
	checkFalseAlarms(t, trials, func(trial int) float64 {
		r, err := eval.MMD(unit(rng, 60, 2), unit(rng, 30, 2), 40, coarsePermutations, int64(trial))
		if err != nil {
			t.Fatal(err)
		}
		if r.Rows != [2]int{40, 30} {
			t.Fatalf("it looked at %v rows, want 40 and 30", r.Rows)
		}
		sum += r.Statistic
		squares += r.Statistic * r.Statistic
		return r.PValue
	}, nil)
	// Unbiased: 0 on average. (That σ is the median costs less than the noise.)
	if mean := sum / trials; !(math.Abs(mean) <= 4*math.Sqrt(squares)/trials) {
		t.Errorf("MMD² is %g on average", mean)
	}
}

func TestMMDByHand(t *testing.T) {
	x, y := [][]float64{{0, 0}, {3, 0}}, [][]float64{{0, 4}, {0, 1}, {3, 1}}
	r, err := eval.MMD(x, y, 10, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Squared distances, sorted: 1 1 9 9 9 10 10 16 18 25; the upper median is 10.
	if !(math.Abs(r.Bandwidth-math.Sqrt(10)) <= 1e-12) {
		t.Errorf("σ = %g, want √10", r.Bandwidth)
	}
	k := func(square float64) float64 { return math.Exp(-square / 20) }
	want := k(9) + (k(9)+k(18)+k(9))/3 - 2*(k(16)+k(1)+k(10)+k(25)+k(10)+k(1))/6
	if !(math.Abs(r.Statistic-want) <= 1e-12) {
		t.Errorf("MMD² = %g, want %g", r.Statistic, want)
	}
}

// For a sample against itself the cross term holds the n ones on the diagonal,
// and MMD² = 2·(k̄ - 1)/n with k̄ the mean kernel of different rows.
func TestMMDOfASampleAgainstItself(t *testing.T) {
	x := unit(rand.New(rand.NewPCG(27, 28)), 20, 3)
	r, err := eval.MMD(x, x, 100, 99, 1)
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.0
	for i := range x {
		for j := range x {
			if i != j {
				square := 0.0
				for d := range x[i] {
					square += (x[i][d] - x[j][d]) * (x[i][d] - x[j][d])
				}
				mean += math.Exp(-square/(2*r.Bandwidth*r.Bandwidth)) / (20 * 19)
			}
		}
	}
	if want := 2 * (mean - 1) / 20; !(math.Abs(r.Statistic-want) <= 1e-12) || r.PValue != 1 {
		t.Errorf("MMD² = %g, p = %g, want %g, 1", r.Statistic, r.PValue, want)
	}
}

func TestMMDIsChecked(t *testing.T) {
	same := [][]float64{{1, 2}, {1, 2}, {1, 2}}
	if r, err := eval.MMD(same, same, 100, 9, 1); err == nil || !strings.Contains(err.Error(), "bandwidth") {
		t.Errorf("equal rows gave %v, %v", r, err)
	}
	x := unit(rand.New(rand.NewPCG(29, 30)), 20, 3)
	if _, err := eval.MMD(x, x, 1, 9, 1); err == nil {
		t.Error("one row was accepted")
	}
}
