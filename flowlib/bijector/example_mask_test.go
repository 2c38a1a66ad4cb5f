package bijector_test

import (
	"fmt"

	"normflow/flowlib/bijector"
)

// The mask of a coupling over images of 2×4 pixels: f stays, m moves.
func ExampleCheckerboard() {
	mask := bijector.Checkerboard(2, 4, 1, false)
	fmt.Println(mask[:4])
	fmt.Println(mask[4:])
	// Output:
	// mfmf
	// fmfm
}
