package dataset_test

import (
	"fmt"

	"github.com/janpfeifer/must"

	"normflow/flowlib/dataset"
)

// The checkerboard is uniform on 32 of 64 unit squares, so its entropy is log 32.
func ExampleDensity() {
	board := dataset.Checkerboard()
	fmt.Printf("entropy %.4f nats\n", board.Entropy)
	fmt.Printf("log p %.4f\n", board.LogProb(board.Sample(1, 2)))
	// Output:
	// entropy 3.4657 nats
	// log p [-3.4657 -3.4657]
}

func ExampleSplit() {
	rows := make([][]float64, 100)
	for i := range rows {
		rows[i] = []float64{float64(i)}
	}
	parts := must.M1(dataset.Split(rows, 1, 0.2, 0.1)) // seed; shares for validation and test
	fmt.Println(len(parts.Train), len(parts.Valid), len(parts.Test))
	// Output: 70 20 10
}

func ExampleNewStandardizer() {
	s := must.M1(dataset.NewStandardizer([][]float64{{1, 10}, {2, 20}, {3, 30}}))
	u := make([]float64, 2)
	s.Apply(u, []float64{3, 10})
	fmt.Println(u)
	fmt.Printf("%.4f\n", s.LogDet()) // -log 1 - log 10
	// Output:
	// [1 -1]
	// -2.3026
}
