package fast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/byhand"
	"normflow/internal/kernel"
)

// Package byhand in double precision is the truth of RealNVP here, itself checked against
// automatic differentiation; zoo_test.go has the others. What remains is the rounding of float32 over eight layers.

type shape struct {
	features int
	hidden   []int
}

var shapes = []shape{{1, []int{8}}, {2, []int{64, 64}}, {2, nil}, {3, []int{7}}, {5, []int{20, 33}}, {41, []int{16, 16, 16}}}

// eachEngine runs a test for flows of every shape with every set of kernels, on one
// thread and on two.
func eachEngine(t *testing.T, test func(t *testing.T, e *Engine, f *byhand.Flow[float64], x []float32)) {
	for _, set := range kernel.All() {
		for _, shape := range shapes {
			for _, threads := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s/%d features, hidden %v/%d threads", set.Name, shape.features, shape.hidden, threads), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(uint64(shape.features), 5))
					f := realNVP(rng, shape.features, shape.hidden...)
					e, err := FromByHand(f, threads)
					if err != nil {
						t.Fatal(err)
					}
					e.WithKernels(set)
					x := events(rng, 200*shape.features)
					x[0] = 9 // beyond the conditioner's bound
					test(t, e, byhand.Convert[float64](f), x)
				})
			}
		}
	}
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*(1+math.Abs(want))) {
		t.Fatalf("%s is %.9g, want %.9g", what, got, want)
	}
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func TestLogProb(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *Engine, f *byhand.Flow[float64], x []float32) {
		want := f.LogProb(float64s(x))
		for _, n := range []int{1, 63, 64, 65, 200} {
			got := make([]float64, n)
			e.LogProb(got, x[:n*e.features])
			for i := range got {
				near(t, fmt.Sprintf("log p of event %d of %d", i, n), got[i], want[i], 2e-5)
			}
		}
	})
}

func TestSample(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *Engine, f *byhand.Flow[float64], _ []float32) {
		const n = 150
		x, logProb := make([]float32, n*e.features), make([]float64, n)
		e.Sample(x, nil, logProb, 7, 0, 1)
		for i, want := range f.LogProb(float64s(x)) {
			near(t, fmt.Sprintf("log p of draw %d", i), logProb[i], want, 1e-4)
		}
		part := make([]float32, 30*e.features)
		e.Sample(part, nil, nil, 7, 64, 1)
		for i, v := range part {
			if v != x[64*e.features+i] {
				t.Fatal("a part of the sample differs from it")
			}
		}
		cold := make([]float32, n*e.features)
		e.Sample(cold, nil, nil, 7, 0, 0.5)
		z, _ := f.Inverse(float64s(x))
		half, _ := f.Inverse(float64s(cold))
		for i := range z {
			near(t, "a latent at temperature 0.5", half[i], z[i]/2, 1e-3)
		}
	})
}

// The latents of a sample are standard normal.
func TestSampleIsNormal(t *testing.T) {
	f := realNVP(rand.New(rand.NewPCG(1, 1)), 2, 8)
	e, err := FromByHand(f, 2)
	if err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	x := make([]float32, 2*n)
	e.Sample(x, nil, nil, 3, 0, 1)
	z, _ := byhand.Convert[float64](f).Inverse(float64s(x))
	var sum, squares, product float64
	for i := 0; i < len(z); i += 2 {
		sum += z[i] + z[i+1]
		squares += z[i]*z[i] + z[i+1]*z[i+1]
		product += z[i] * z[i+1]
	}
	// Standard errors of the means are 1/√(2n) = .0022, √2/√(2n) = .0032 and 1/√n = .0032.
	for name, value := range map[string][2]float64{"mean": {sum / (2 * n), 0}, "variance": {squares / (2 * n), 1}, "covariance": {product / n, 0}} {
		if math.Abs(value[0]-value[1]) > 0.015 {
			t.Errorf("%s of the latents is %g, want %g", name, value[0], value[1])
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := Coupling{Mask: []bool{true, false}, InputBound: 5, Network: Network{Hidden: []int{4}}, Transform: Affine{"tanh", 3}}
	for name, spoil := range map[string]func(f *Flow, c *Coupling){
		"no features":   func(f *Flow, _ *Coupling) { f.Features = 0 },
		"mask":          func(_ *Flow, c *Coupling) { c.Mask = []bool{true} },
		"no moving":     func(_ *Flow, c *Coupling) { c.Mask = []bool{true, true} },
		"bound":         func(_ *Flow, c *Coupling) { c.InputBound = math.NaN() },
		"log-scale":     func(_ *Flow, c *Coupling) { c.Transform = Affine{"tanh", 100} },
		"scale":         func(_ *Flow, c *Coupling) { c.Transform = Affine{"cubic", 3} },
		"no transform":  func(_ *Flow, c *Coupling) { c.Transform = nil },
		"bins":          func(_ *Flow, c *Coupling) { c.Transform = Spline{1, 4} },
		"many bins":     func(_ *Flow, c *Coupling) { c.Transform = Spline{1000, 4} },
		"spline bound":  func(_ *Flow, c *Coupling) { c.Transform = Spline{8, 0} },
		"activation":    func(_ *Flow, c *Coupling) { c.Network.Activation = "step" },
		"width":         func(_ *Flow, c *Coupling) { c.Network.Hidden = []int{0} },
		"blocks":        func(_ *Flow, c *Coupling) { c.Network = Network{Hidden: []int{4, 5}, Residual: true} },
		"no block":      func(_ *Flow, c *Coupling) { c.Network = Network{Residual: true} },
		"permutation":   func(f *Flow, _ *Coupling) { f.Layers = append(f.Layers, Permutation{[]int{1, 1}}) },
		"components":    func(f *Flow, _ *Coupling) { f.Base = Mixture{0, 3} },
		"freedom":       func(f *Flow, _ *Coupling) { f.Base = StudentT{-1} },
		"uniform bound": func(f *Flow, _ *Coupling) { f.Base = Uniform{0} },
	} {
		f, c := Flow{Features: 2, Base: Normal{}}, good
		spoil(&f, &c)
		f.Layers = append(f.Layers, c)
		if _, err := New(f, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(Flow{Features: 2, Layers: []Layer{good, Permutation{[]int{1, 0}}}, Base: Normal{}}, 1); err != nil {
		t.Error(err)
	}
}

// Moving features of a permutation: forward and back, in scores, draws and gradients,
// are those of the flow whose masks are exchanged.
func TestPermutation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 18))
	f := realNVP(rng, 3, 8)
	f.Layers = f.Layers[:1]
	plain, err := FromByHand(f, 1)
	if err != nil {
		t.Fatal(err)
	}
	c := f.Layers[0]
	moved, err := New(Flow{Features: 3, Base: Normal{}, Layers: []Layer{
		Coupling{Mask: c.Mask, InputBound: c.InputBound, Network: Network{Hidden: []int{8}}, Transform: Affine{"tanh", c.MaxLogScale}},
		Permutation{[]int{2, 0, 1}},
	}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(moved.weights, plain.weights)
	x := events(rng, 3*100)
	rows, at := make([]float32, len(x)), make([]int32, 100)
	for i := range 100 {
		rows[3*i], rows[3*i+1], rows[3*i+2], at[i] = x[3*i+2], x[3*i], x[3*i+1], int32(i)
	}
	want, got := make([]float64, 100), make([]float64, 100)
	plain.LogProb(want, x)
	moved.LogProb(got, rows)
	for i := range got {
		near(t, "log p", got[i], want[i], 0)
	}
	plain.Sample(x, nil, nil, 1, 0, 1)
	moved.Sample(rows, nil, nil, 1, 0, 1)
	for i := range 100 {
		near(t, "a draw", float64(rows[3*i]), float64(x[3*i+2]), 0)
	}
	gradient := func(e *Engine, x []float32) []float32 {
		trainer, err := NewTrainer(e, x)
		if err != nil {
			t.Fatal(err)
		}
		_, g := trainer.Gradient(at)
		return g.values
	}
	first, second := gradient(plain, x), gradient(moved, rows)
	for i := range first {
		near(t, "a gradient", float64(second[i]), float64(first[i]), 0)
	}
}
