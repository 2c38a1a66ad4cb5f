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
