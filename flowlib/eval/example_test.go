package eval_test

import (
	"fmt"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/dataset"
	"normflow/flowlib/eval"
	"normflow/flowlib/flow"
)

// The NLL of one row under a unit Gaussian is log 2π at the origin, and half the
// squared distance more elsewhere. An [eval.Estimate] has its standard error.
func ExampleNLL() {
	model := must.M1(flow.RealNVP(2).NewModel(must.M1(backend.Open("go")))) // a new flow is its base
	nll := must.M1(eval.NLL(model, [][]float64{{0, 0}, {1, 0}}))
	fmt.Printf("%.4f ± %.4f nats\n", nll.Mean, nll.SE)
	// Output: 2.0879 ± 0.2500 nats
}

// A density that scores its own draws has a KL of 0.
func ExampleKL() {
	moons := dataset.TwoMoons(0.1)
	kl := must.M1(eval.KL(moons, moons, moons.Sample(1, 100)))
	fmt.Println(kl.Mean)
	// Output: 0
}

// A density integrates to 1.
func ExampleIntegral() {
	rings := dataset.Rings()
	fmt.Printf("%.3f\n", must.M1(eval.Integral(rings, rings.Box, 400)))
	// Output: 1.000
}

// Holm multiplies the smallest of three p-values by 3, the next one by 2.
func ExampleHolm() {
	fmt.Println(eval.Holm([]float64{0.01, 0.5, 0.02}))
	// Output: [0.03 0.5 0.04]
}
