package byhand

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Central differences, weight by weight: their error is of order h² = 1e-10, and
// rounding adds 1e-16/h. No ReLU and no clip may turn within h of the batch: at a
// random batch none does.
func TestGradientAgainstFiniteDifferences(t *testing.T) {
	const h = 1e-5
	for _, s := range shapes {
		f, x := randomFlow(s.features, s.hidden...)
		backprop := NewBackprop(f)
		_, g := backprop.Gradient(x)
		gradient := g.Clone().Params() // the next call overwrites g
		nonzero := 0
		for i, values := range f.Params() {
			for j, w := range values {
				values[j] = w + h
				up, _ := backprop.Gradient(x)
				values[j] = w - h
				down, _ := backprop.Gradient(x)
				values[j] = w
				if want := (up - down) / (2 * h); !within(gradient[i][j], want, 1e-7*max(1, math.Abs(want))) {
					t.Errorf("%v: slice %d, weight %d: gradient %g, differences %g", s, i, j, gradient[i][j], want)
				}
				if gradient[i][j] != 0 {
					nonzero++
				}
			}
		}
		if nonzero < f.NumParameters()/4 { // a constant input leaves half of the ReLUs, and three quarters between two, at 0
			t.Errorf("%v: only %d of %d derivatives are not 0", s, nonzero, f.NumParameters())
		}
	}
}

// Along a random direction d the loss is its tangent but for a remainder that
// shrinks as h²: L(w+h·d) - L(w) - h·∂L/∂w·d falls to a quarter when h halves, and
// with any mistake in ∂L/∂w to a half. The loss has kinks, where the remainder
// does as it likes: the steps are small enough to stay between them.
func TestTaylorRemainderFallsToAQuarter(t *testing.T) {
	for _, s := range shapes {
		f, x := randomFlow(s.features, s.hidden...)
		nll, gradient := NewBackprop(f).Gradient(x)
		rng := rand.New(rand.NewPCG(2, 0))
		moved := f.Clone()
		slope := 0.0
		direction := zeros(f.Params())
		for i, values := range gradient.Params() {
			for j, g := range values {
				direction[i][j] = rng.NormFloat64()
				slope += g * direction[i][j]
			}
		}
		remainder := func(h float64) float64 {
			for i, values := range moved.Params() {
				for j := range values {
					values[j] = f.Params()[i][j] + h*direction[i][j]
				}
			}
			there, _ := NewBackprop(moved).Gradient(x)
			return math.Abs(there - nll - h*slope)
		}
		for _, h := range []float64{1e-4, 5e-5, 2.5e-5} {
			if ratio := remainder(h) / remainder(h/2); !within(ratio, 4, 0.1) {
				t.Errorf("%v: halving h = %g divides the remainder by %.3f, expected 4", s, h, ratio)
			}
		}
	}
}

// The gradient of a batch is the mean of those of its halves, whatever the
// Backprop saw before, and its NLL is the mean of -LogProb; in one chunk and in
// several of unequal size.
func TestGradientIsAMeanOverTheBatch(t *testing.T) {
	for _, rows := range []int{20, 2 * (chunkRows + 50)} {
		f, _ := randomFlow(3, 8)
		x := f.Sample(1, rows)
		all, g := NewBackprop(f).Gradient(x)
		whole := g.Params()
		backprop := NewBackprop(f)
		first, g := backprop.Gradient(x[:len(x)/2])
		a := g.Clone().Params()
		backprop.Gradient(x[:3*7]) // another size in between
		second, g := backprop.Gradient(x[len(x)/2:])
		b := g.Params()
		mean := 0.0
		for _, lp := range f.LogProb(x) {
			mean -= lp / float64(rows)
		}
		if !within(all, (first+second)/2, 1e-12) || !within(all, mean, 1e-12) {
			t.Errorf("%d rows: NLL %g, of the halves %g and %g, mean of -LogProb %g", rows, all, first, second, mean)
		}
		for i := range whole {
			for j, v := range whole[i] {
				if !within(v, (a[i][j]+b[i][j])/2, 1e-12) {
					t.Errorf("%d rows: slice %d, weight %d: %g of the batch, %g and %g of its halves", rows, i, j, v, a[i][j], b[i][j])
				}
			}
		}
	}
}

// All products go through the one function that a flow may replace.
func TestAnotherProductIsUsedThroughout(t *testing.T) {
	f, x := randomFlow(2, 8, 6)
	_, want := NewBackprop(f).Gradient(x)
	calls := 0
	f.Product = func(c, a, b []float64, m, k, n int, aT, bT bool) {
		calls++
		product := make([]float64, m*n) // another order of the same sums
		MatMul(product, a, b, m, k, n, aT, bT)
		add(c, product)
	}
	_, got := NewBackprop(f).Gradient(x)
	if calls != 4*3*4 { // couplings, dense layers, one product forth and three back
		t.Errorf("%d products, expected 36", calls)
	}
	for i, values := range want.Params() {
		for j, v := range values {
			if !within(got.Params()[i][j], v, 1e-12) {
				t.Errorf("slice %d, weight %d: %g, with MatMul %g", i, j, got.Params()[i][j], v)
			}
		}
	}
}

// A second gradient of the same size takes no memory.
func TestGradientKeepsItsMemory(t *testing.T) {
	f, x := randomFlow(5, 8, 6)
	backprop := NewBackprop(f)
	backprop.Gradient(x)
	if n := testing.AllocsPerRun(10, func() { backprop.Gradient(x) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
