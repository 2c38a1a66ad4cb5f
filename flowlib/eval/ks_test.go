package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/combin"
)

// The quantiles of Kolmogorov's limit that every table has.
func TestKolmogorovTail(t *testing.T) {
	for _, tt := range []struct{ x, want float64 }{
		{1.0727, 0.20}, {1.2238, 0.10}, {1.3581, 0.05}, {1.6276, 0.01}, {1.9495, 0.001},
	} {
		if got := kolmogorovTail(tt.x); !(math.Abs(got-tt.want) <= 5e-5*4*tt.x*tt.want) { // x is rounded to 1e-4; the slope is 4x times the tail
			t.Errorf("P(√n·D ≥ %g) → %g, want %g", tt.x, got, tt.want)
		}
	}
	// The two series meet, and the function falls from 1 to 0.
	if a, b := kolmogorovTail(1), kolmogorovTail(math.Nextafter(1, 0)); !(math.Abs(a-b) <= 1e-14) {
		t.Errorf("the series disagree at 1: %g and %g", a, b)
	}
	last := 1.0
	for x := 0.0; x < 7; x += 0.01 {
		p := kolmogorovTail(x)
		if !(p >= 0 && p <= last) {
			t.Fatalf("P(√n·D ≥ %g) → %g after %g", x, p, last)
		}
		last = p
	}
	if got := kolmogorovTail(40); got != 0 {
		t.Errorf("far out the tail is %g", got)
	}
}

// kolmogorovExact is P(D_n < d) by the matrix power of Marsaglia, Tsang and Wang
// 2003, https://doi.org/10.18637/jss.v008.i18, for n small enough not to overflow.
func kolmogorovExact(n int, d float64) float64 {
	k := int(float64(n)*d) + 1
	m := 2*k - 1
	h := float64(k) - float64(n)*d
	factorial := func(i int) float64 { return math.Gamma(float64(i + 1)) }
	a := mat.NewDense(m, m, nil)
	for i := range m {
		for j := range min(m, i+2) {
			v := 1.0
			if j == 0 {
				v -= math.Pow(h, float64(i+1))
			}
			if i == m-1 {
				v -= math.Pow(h, float64(m-j))
			}
			if i == m-1 && j == 0 {
				v += math.Pow(max(0, 2*h-1), float64(m))
			}
			a.Set(i, j, v/factorial(i-j+1))
		}
	}
	var power mat.Dense
	power.Pow(a, n)
	return power.At(k-1, k-1) * factorial(n) / math.Pow(float64(n), float64(n))
}

func TestKSUniformAgainstTheExactDistribution(t *testing.T) {
	// The example of the paper guards the reference.
	if got := kolmogorovExact(10, 0.274); !(math.Abs(got-0.6284796154565) <= 1e-12) {
		t.Fatalf("reference: P(D_10 < 0.274) = %.13f, want 0.6284796154565", got)
	}
	for _, n := range []int{20, 50, 100, 140} {
		for x := 0.4; x < 2.2; x += 0.1 {
			d := x / math.Sqrt(float64(n))
			// A sample with this statistic: even ranks, moved to one side.
			u := make([]float64, n)
			for i := range u {
				u[i] = max(0, float64(i+1)/float64(n)-d)
			}
			got, want := ksUniform(u), 1-kolmogorovExact(n, d)
			if !(math.Abs(got.Statistic-d) <= 1e-12) {
				t.Errorf("D = %g, want %g", got.Statistic, d)
			}
			// What ksUniform promises; of a tail down to 0.001, at most a fifth.
			if !(math.Abs(got.PValue-want) <= min(0.0006, max(1e-4, want/5))) {
				t.Errorf("n = %d, D = %.4f: p = %.5f, want %.5f", n, d, got.PValue, want)
			}
		}
	}
}

func TestKSTwoSample(t *testing.T) {
	// Critical values at 5% and 1%, in units of 1/nm, from the tables: at them the
	// tail is within the level, at the next smaller D that occurs it is not.
	for _, tt := range []struct {
		n, m, critical int
		level          float64
	}{
		{5, 8, 30, 0.05}, {7, 9, 42, 0.05}, {8, 11, 53, 0.05}, {9, 10, 53, 0.05}, {9, 11, 59, 0.05},
		{7, 8, 48, 0.01}, {9, 11, 70, 0.01},
	} {
		tail := func(steps int) float64 { return smirnovTail(float64(steps)/float64(tt.n*tt.m), tt.n, tt.m) }
		at, next := tail(tt.critical), tail(tt.critical-1)
		for steps := tt.critical - 2; next == at; steps-- {
			next = tail(steps)
		}
		if !(at <= tt.level && next > tt.level) {
			t.Errorf("n = %d, m = %d: tail at %d is %g, at the next smaller D %g, level %g", tt.n, tt.m, tt.critical, at, next, tt.level)
		}
	}
	// All C(19, 9) orders, counted.
	const n, m = 9, 10
	orders, reached := 0, make([]int, n*m+1)
	for g := combin.NewCombinationGenerator(n+m, n); g.Next(); orders++ {
		farthest := 0
		for i, place := range g.Combination(nil) { // the i-th of x comes after place-i of y
			j := place - i
			farthest = max(farthest, j*n-i*m, (i+1)*m-j*n)
		}
		for steps := range farthest + 1 {
			reached[steps]++
		}
	}
	for steps, count := range reached {
		if got, want := smirnovTail(float64(steps)/(n*m), n, m), float64(count)/float64(orders); !(math.Abs(got-want) <= 1e-12*want) {
			t.Errorf("tail at %d of %d: %g, counted %g", steps, n*m, got, want)
		}
	}
	// Disjoint samples are two of all orders, also where that is tiny.
	if got, want := smirnovTail(1, 30, 30), 2*math.Exp(2*lgamma(31)-lgamma(61)); !(math.Abs(got-want) <= 1e-9*want) {
		t.Errorf("disjoint samples: %g, want %g", got, want)
	}
	if got := smirnovTail(0, 5, 7); got != 1 {
		t.Errorf("P(D ≥ 0) = %g", got)
	}
	// For large samples the limit takes over.
	if got, want := smirnovTail(0.05, 2000, 2000), kolmogorovTail(0.05*math.Sqrt(1000)); !(math.Abs(got-want) <= 0.05*want) {
		t.Errorf("exact tail %g, limit %g", got, want)
	}
	// Both routes, and the statistic by its definition, infinities and ties included.
	rng := rand.New(rand.NewPCG(7, 8))
	x, y := make([]float64, 40), make([]float64, 55)
	for i := range x {
		x[i] = math.Round(4 * rng.NormFloat64())
	}
	for i := range y {
		y[i] = math.Round(4 * rng.NormFloat64())
	}
	x[0], x[1], y[0] = math.Inf(-1), math.Inf(-1), math.Inf(-1)
	want := 0.0
	for _, at := range append(append([]float64{}, x...), y...) {
		want = max(want, math.Abs(below(x, at)-below(y, at)))
	}
	if got := ksTwoSample(x, y); !(math.Abs(got.Statistic-want) <= 1e-12) || got.PValue != smirnovTail(got.Statistic, 40, 55) {
		t.Errorf("D = %v, want %g", got, want)
	}
}

func lgamma(x float64) float64 { l, _ := math.Lgamma(x); return l }

func below(x []float64, at float64) float64 {
	n := 0
	for _, v := range x {
		if v <= at {
			n++
		}
	}
	return float64(n) / float64(len(x))
}
