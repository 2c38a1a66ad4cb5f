package knots_test

import (
	"fmt"

	"normflow/flowlib/byhand"
	"normflow/flowlib/knots"
)

// A new flow is the identity: its conditioners answer 0 everywhere, and its density is
// that of a unit Gaussian, log N(0; 0, I) = -log 2π.
func Example() {
	f, err := knots.Compile(byhand.New[float64](2, 8, []int{64, 64}, 1), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d layers, log p(0, 0) = %.4f\n", len(f.Layers), f.LogProb([]float64{0, 0})[0])
	// Output: 8 layers, log p(0, 0) = -1.8379
}
