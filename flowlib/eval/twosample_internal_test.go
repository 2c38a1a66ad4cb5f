package eval

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A statistic that says nothing must not reject: ties count, and so does NaN.
func TestPermutationsThatTie(t *testing.T) {
	for _, same := range []float64{3, math.NaN()} {
		calls := 0
		r := permutationTest(4, 6, 19, rand.New(rand.NewPCG(1, 1)), func(first []bool) float64 {
			calls++
			n := 0
			for _, is := range first {
				if is {
					n++
				}
			}
			if n != 4 || len(first) != 10 {
				t.Fatalf("labels %v, want 4 of 10", first)
			}
			return same
		})
		if r.PValue != 1 || calls != 20 {
			t.Errorf("a constant statistic of %g has %+v after %d calls", same, r, calls)
		}
	}
}

func TestSubsampleIsDrawnFromAll(t *testing.T) {
	all := make([][]float64, 500)
	for i := range all {
		all[i] = []float64{float64(i)}
	}
	seen := map[float64]bool{}
	sum := 0.0
	for _, row := range subsample(all, 200, rand.New(rand.NewPCG(1, 2))) {
		seen[row[0]] = true
		sum += row[0]
	}
	// The mean of 200 of 0…499 without return is 249.5 ± 7.9.
	if len(seen) != 200 || !(math.Abs(sum/200-249.5) <= 4*7.9) {
		t.Errorf("%d different rows of 200, their mean is %g", len(seen), sum/200)
	}
	if got := subsample(all, 500, nil); len(got) != 500 {
		t.Errorf("all of 500 rows are %d", len(got))
	}
}

func TestStandardizePools(t *testing.T) {
	x, y, err := standardize([][]float64{{0, 5}, {2, 1}}, [][]float64{{10, 3}})
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range [][]float64{{-4 / math.Sqrt(28), -2 / math.Sqrt(28), 6 / math.Sqrt(28)}, {1, -1, 0}} {
		for i, row := range [][]float64{x[0], x[1], y[0]} {
			if !(math.Abs(row[d]-want[i]) <= 1e-12) {
				t.Errorf("feature %d of row %d is %g, want %g", d, i, row[d], want[i])
			}
		}
	}
}
