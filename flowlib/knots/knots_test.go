package knots

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"normflow/flowlib/byhand"
)

// lively is a flow whose conditioners say something, with the given hidden widths.
func lively(seed int64, layers int, hidden ...int) *byhand.Flow[float64] {
	f := byhand.New[float64](2, layers, hidden, seed)
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	for _, values := range f.Params() {
		for i := range values {
			values[i] += 0.2 * rng.NormFloat64()
		}
	}
	return f
}

// events are normal ones, and ones far out: at the bound, a thousand times beyond it.
func events(n int) []float64 {
	rng := rand.New(rand.NewPCG(7, 7))
	x := []float64{5, -5, 5.5, 0, 0, -5.5, 5000, 1, 1, -5000, 0, 0}
	for len(x) < 2*n {
		x = append(x, 2*rng.NormFloat64())
	}
	return x
}

// lastDigits says whether two numbers are the same but for rounding: some processors
// multiply and add in one step, with one rounding.
func lastDigits(a, b float64) bool { return math.Abs(a-b) <= 1e-14*(1+math.Abs(b)) }

// A network of one unit bends where a reader can see it: |u - 1| = relu(u-1) + relu(1-u).
func TestFindsTheKnotsOfAnAbsoluteValue(t *testing.T) {
	c := byhand.Coupling[float64]{InputBound: 5, Conditioner: []byhand.Dense[float64]{
		{In: 1, Out: 2, W: []float64{1, -1}, B: []float64{-1, 1}},
		{In: 2, Out: 2, W: []float64{1, 10, 1, 10}, B: []float64{0, 3}},
	}}
	table, err := find(c, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := Table{X: []float64{-5, 1, 5}, R: []float64{6, 0, 4}, T: []float64{63, 3, 43}}
	for _, column := range [][2][]float64{{table.X, want.X}, {table.R, want.R}, {table.T, want.T}} {
		if !slices.EqualFunc(column[0], column[1], lastDigits) {
			t.Errorf("got %v, want %v", table, want)
		}
	}
	for u, want := range map[float64]float64{-7: 6, -5: 6, -1: 2, 1: 0, 4: 3, 9: 4, math.Inf(-1): 6} {
		if r, shift := table.At(u); !lastDigits(r, want) || !lastDigits(shift, 10*want+3) {
			t.Errorf("at %g: %g and %g, want %g and %g", u, r, shift, want, 10*want+3)
		}
	}
	if r, shift := table.At(math.NaN()); !math.IsNaN(r) || !math.IsNaN(shift) {
		t.Errorf("at NaN: %g and %g", r, shift)
	}
}

// No kink is missed: between two knots the network is a straight line. A hundred
// points in each piece, of every depth, and of a leaky activation.
func TestNoKinkIsMissed(t *testing.T) {
	for _, hidden := range [][]int{nil, {8}, {64, 64}, {16, 16, 16}} {
		for _, leak := range []float64{0, 0.3} {
			f := lively(int64(len(hidden)), 4, hidden...)
			k, err := Compile(f, leak)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range f.Layers {
				table := k.Layers[i].Table
				if len(hidden) > 1 && len(table.X) < hidden[0] {
					t.Errorf("hidden %v: layer %d has %d knots alone", hidden, i, len(table.X))
				}
				for n, right := range table.X[1:] {
					left := table.X[n]
					for j := range 101 {
						u := left + (right-left)*float64(j)/100
						want := through(c.Conditioner, leak, u)
						r, shift := table.At(u)
						// Rounding: sums of some hundred terms of order one in float64.
						if !(math.Abs(r-want[0]) <= 1e-12 && math.Abs(shift-want[1]) <= 1e-12) {
							t.Fatalf("hidden %v, leak %g, layer %d at %g: %g and %g, the network says %v", hidden, leak, i, u, r, shift, want)
						}
					}
				}
			}
		}
	}
}
