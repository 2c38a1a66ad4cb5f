package columns_test

import (
	"fmt"
	"math"

	"normflow/flowlib/columns"
)

// The logarithm of x has the derivative 1/x, whose logarithm at e is -1.
func ExampleMap_Apply() {
	m := columns.Map{{Kind: columns.Positive}, {Kind: columns.Continuous}}
	y := make([]float64, 2)
	logDet := m.Apply(y, []float64{math.E, 7})
	fmt.Println(y, logDet)
	m.Invert(y, []float64{0, -3})
	fmt.Println(y)
	// Output:
	// [1 7] -1
	// [1 -3]
}

// A column with a thousand evenly spaced shares has edges at 0 and 1.
func ExampleChoose() {
	values := make([]float64, 1000)
	for i := range values {
		values[i] = (float64(i) + 0.5) / 1000
	}
	choice, err := columns.Choose("share", values, 0, "")
	if err != nil {
		panic(err)
	}
	fmt.Println(choice.Why)
	fmt.Printf("%.2f\n", choice.Column.Inverse(0))
	// Output:
	// bounded: between 0 and 1, mapped by the quantiles of a normal
	// 0.50
}
