package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// The portable kernels are the specification. The others differ in the order of
// sums and in fused multiply-adds, by some roundings of a float32.

func random(rng *rand.Rand, n int, spread float32) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = spread * float32(rng.NormFloat64())
	}
	return v
}

func copies(arrays ...[]float32) [][]float32 {
	all := make([][]float32, len(arrays))
	for i, a := range arrays {
		all[i] = append([]float32{}, a...)
	}
	return all
}

// agree compares with an absolute tolerance that grows with the numbers.
func agree(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		if math.IsNaN(w) != math.IsNaN(g) || !math.IsNaN(w) && !(math.Abs(g-w) <= tol*(1+math.Abs(w))) {
			t.Fatalf("%s: element %d is %g, want %g", what, i, g, w)
		}
	}
}

// eachSet runs a test with every set of vector kernels that this processor has,
// and with the portable one.
func eachSet(t *testing.T, test func(t *testing.T, s *Set)) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) { test(t, s) })
	}
}

func TestMultiply(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, m := range []int{1, 2, 3, 4, 5, 6, 7, 13, 64, 65} {
			for _, k := range []int{1, 2, 3, 64} {
				for _, n := range []int{16, 32, 48, 64, 112, 144} {
					for _, transposed := range []bool{false, true} {
						for mode := range 9 {
							testProduct(t, s, rng, m, k, n, transposed, Start(mode%3), End(mode/3))
						}
					}
				}
			}
		}
	})
}

func testProduct(t *testing.T, s *Set, rng *rand.Rand, m, k, n int, transposed bool, start Start, end End) {
	t.Helper()
	p := Product{M: m, K: k, N: n, LdOut: n + 3, LdIn: n + 5, StrideI: k + 1, StrideK: 1, Start: start, End: end}
	if transposed {
		p.StrideI, p.StrideK = 1, m+2
	}
	p.Out, p.In = random(rng, m*p.LdOut, 1), random(rng, k*p.LdIn, 1)
	p.W = random(rng, (m-1)*p.StrideI+(k-1)*p.StrideK+1, 1)
	p.Bias, p.Mask = random(rng, m, 1), random(rng, m*p.LdOut, 1)
	want := append([]float32{}, p.Out...)
	for i := range m { // in double precision, straight from the definition
		for j := range n {
			sum := []float64{0, float64(p.Bias[i]), float64(p.Out[i*p.LdOut+j])}[start]
			for l := range k {
				sum += float64(p.W[i*p.StrideI+l*p.StrideK]) * float64(p.In[l*p.LdIn+j])
			}
			if end == ReLU {
				sum = max(0, sum)
			}
			if end == Mask && p.Mask[i*p.LdOut+j] <= 0 {
				sum = 0
			}
			want[i*p.LdOut+j] = float32(sum)
		}
	}
	s.Multiply(&p)
	// What lies between the rows must stand as it was: want has it.
	agree(t, fmt.Sprintf("[%d, %d]·[%d, %d] transposed %v start %d end %d", m, k, k, n, transposed, start, end), p.Out, want, 1e-5)
}

func TestAffine(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		rng := rand.New(rand.NewPCG(3, 4))
		const n, limit = 4096, 3
		v, r, shift, logDet := random(rng, n, 2), random(rng, n, 4), random(rng, n, 2), random(rng, n, 1)
		for i, special := range []float32{0, 1e-8, -1e-8, 1e-3, 100, -100, 1e30, float32(math.Inf(1)), float32(math.NaN())} {
			r[i] = special
		}
		for _, inverse := range []bool{true, false} {
			var want [4][]float32
			for i := range want {
				want[i] = make([]float32, n)
			}
			for i := range n { // in double precision
				tanh := math.Tanh(float64(r[i]) / limit)
				logScale := limit * tanh
				if inverse {
					logScale = -logScale
				}
				scale := math.Exp(logScale)
				out := float64(v[i])*scale + float64(shift[i])
				if inverse {
					out = (float64(v[i]) - float64(shift[i])) * scale
				}
				want[0][i], want[1][i] = float32(out), float32(float64(logDet[i])+logScale)
				want[2][i], want[3][i] = float32(scale), float32(1-tanh*tanh)
			}
			move := s.AffineForward
			if inverse {
				move = s.AffineInverse
			}
			got := copies(want[0], logDet, want[2], want[3])
			move(got[0], got[1], got[2], got[3], v, r, shift, limit)
			for i, name := range []string{"out", "logDet", "scale", "slope"} {
				agree(t, name, got[i], want[i], 3e-6)
			}
			// In place, as the scoring of events does it.
			place := append([]float32{}, v...)
			move(place, append([]float32{}, logDet...), got[2], got[3], place, r, shift, limit)
			agree(t, "in place", place, want[0], 3e-6)
		}
	})
}

// The backward pass of a loss L = Σ c·z + weight·s, by central differences of the
// forward pass in the portable kernels' double precision inside.
func TestAffineBackward(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		rng := rand.New(rand.NewPCG(5, 6))
		const n, limit = 64, 3
		v, r, shift, d, weight := random(rng, n, 1), random(rng, n, 2), random(rng, n, 1), random(rng, n, 1), random(rng, n, 1)
		z, logDet, scale, slope := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		s.AffineInverse(z, logDet, scale, slope, v, r, shift, limit)
		loss := func(i int, v, r, shift float64) float64 {
			logScale := limit * math.Tanh(r/limit)
			return float64(d[i])*(v-shift)*math.Exp(-logScale) + float64(weight[i])*logScale
		}
		var want [3][]float32
		for i := range n {
			const h = 1e-6
			a, b, c := float64(v[i]), float64(r[i]), float64(shift[i])
			want[0] = append(want[0], float32((loss(i, a, b+h, c)-loss(i, a, b-h, c))/(2*h)))
			want[1] = append(want[1], float32((loss(i, a, b, c+h)-loss(i, a, b, c-h))/(2*h)))
			want[2] = append(want[2], float32((loss(i, a+h, b, c)-loss(i, a-h, b, c))/(2*h)))
		}
		dr, dt, dv := make([]float32, n), make([]float32, n), append([]float32{}, d...)
		s.AffineBackward(dr, dt, dv, z, scale, slope, weight)
		agree(t, "dr", dr, want[0], 1e-5)
		agree(t, "dt", dt, want[1], 1e-5)
		agree(t, "dv", dv, want[2], 1e-5)
	})
}

func TestAgainstPortable(t *testing.T) {
	portable := &Set{Name: "portable"}
	eachSet(t, func(t *testing.T, s *Set) {
		rng := rand.New(rand.NewPCG(7, 8))
		const n = 1024
		a, b, c := random(rng, n, 3), random(rng, n, 1), random(rng, n, 3)
		a[0], a[1] = float32(math.NaN()), float32(math.Inf(-1))
		compare := func(what string, tol float64, run func(s *Set) []float32) {
			t.Helper()
			agree(t, what, run(s), run(portable), tol)
		}
		compare("clip", 0, func(s *Set) []float32 {
			out := make([]float32, n)
			s.Clip(out, a, 2)
			return out
		})
		compare("clip backward", 0, func(s *Set) []float32 {
			clipped, d := make([]float32, n), append([]float32{}, c...)
			portable.Clip(clipped, a, 2)
			s.ClipBackward(d, b, clipped, 2)
			return d
		})
		compare("add", 0, func(s *Set) []float32 {
			out := append([]float32{}, b...)
			s.Add(out, c)
			return out
		})
		compare("sum of squares", 1e-5, func(s *Set) []float32 { return []float32{s.SumSquares(c)} })
		compare("dots", 1e-5, func(s *Set) []float32 {
			g := append([]float32{}, b[:15]...)
			s.Dots(g, b, c, 5, 3)
			return g
		})
		for _, rows := range []int{16, 32, 48} {
			compare("transpose", 0, func(s *Set) []float32 {
				in, out := random(rand.New(rand.NewPCG(1, uint64(rows))), rows*Block, 1), make([]float32, rows*Block)
				s.Transpose(out, in, rows)
				return out
			})
		}
		compare("adam", 1e-6, func(s *Set) []float32 {
			w, mean, square := append([]float32{}, b...), make([]float32, n), make([]float32, n)
			for step := range 3 {
				s.Update(Adam{Decay1: 0.9, Decay2: 0.999, Epsilon: 1e-8, Step: step + 1}, 0.01, 0.5, w, mean, square, c)
			}
			return append(append(w, mean...), square...)
		})
	})
}

// Adam's first step is rate·sign(g), whatever the size of the gradient.
func TestAdamFirstStep(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		w, mean, square, g := make([]float32, 16), make([]float32, 16), make([]float32, 16), make([]float32, 16)
		want := make([]float32, 16)
		for i := range g {
			g[i] = float32(i-8) * 0.1
			if g[i] != 0 {
				want[i] = float32(math.Copysign(0.01, float64(8-i)))
			}
		}
		s.Update(Adam{Decay1: 0.9, Decay2: 0.999, Epsilon: 1e-8, Step: 1}, 0.01, 1, w, mean, square, g)
		agree(t, "weights", w, want, 1e-6)
	})
}

func TestMatMul(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, size := range [][3]int{{1, 1, 1}, {3, 2, 5}, {64, 1, 64}, {256, 64, 2}, {256, 64, 64}, {64, 1000, 64}, {100, 33, 70}} {
		for way := range 4 {
			m, k, n := size[0], size[1], size[2]
			aT, bT := way%2 == 1, way/2 == 1
			a, b, got, want := random(rng, m*k, 1), random(rng, k*n, 1), random(rng, m*n, 1), make([]float32, m*n)
			for i := range m {
				for j := range n {
					sum := float64(got[i*n+j])
					for l := range k {
						ail, blj := a[i*k+l], b[l*n+j]
						if aT {
							ail = a[l*m+i]
						}
						if bT {
							blj = b[j*k+l]
						}
						sum += float64(ail) * float64(blj)
					}
					want[i*n+j] = float32(sum)
				}
			}
			MatMul(got, a, b, m, k, n, aT, bT)
			agree(t, fmt.Sprint(size, aT, bT), got, want, 1e-4)
		}
	}
}

func TestSizesThatDoNotFit(t *testing.T) {
	for name, call := range map[string]func(){
		"columns": func() {
			Best().Multiply(&Product{M: 1, K: 1, N: 8, Out: make([]float32, 8), W: make([]float32, 1), In: make([]float32, 8)})
		},
		"out": func() {
			Best().Multiply(&Product{M: 2, K: 1, N: 16, LdOut: 16, Out: make([]float32, 31), W: make([]float32, 2), StrideI: 1, In: make([]float32, 16)})
		},
		"bias": func() {
			Best().Multiply(&Product{M: 1, K: 1, N: 16, Out: make([]float32, 16), W: make([]float32, 1), In: make([]float32, 16), Start: Bias})
		},
		"length":    func() { Best().Add(make([]float32, 16), make([]float32, 32)) },
		"lanes":     func() { Best().Add(make([]float32, 8), make([]float32, 8)) },
		"transpose": func() { Best().Transpose(make([]float32, 8*Block), make([]float32, 8*Block), 8) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}
