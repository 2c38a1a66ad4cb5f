package fast

import "fmt"

// Arrays are the weights of an engine, or as many other numbers, in the arrays that
// other programs hold them in: of each layer, z to x, and in it of each dense layer,
// the matrix, [in, out] row by row, and the biases, [out].
type Arrays struct {
	dense  []dense
	values []float32 // as the kernels want them
}

func (e *Engine) arrays(values []float32) Arrays {
	a := Arrays{values: values}
	for _, l := range e.layers {
		a.dense = append(a.dense, l.dense...)
	}
	return a
}

// Len is the number of arrays.
func (a Arrays) Len() int { return 2 * len(a.dense) }

// Size is the number of numbers in array i.
func (a Arrays) Size(i int) int {
	if d := a.dense[i/2]; i%2 == 0 {
		return d.in * d.out
	}
	return a.dense[i/2].out
}

// Set copies from to array i, and Get array i to to. They panic if the lengths differ.
func (a Arrays) Set(i int, from []float32) {
	a.eachRow(i, len(from), func(own []float32, at int) { copy(own, from[at:]) })
}

// Get is the opposite of Set.
func (a Arrays) Get(i int, to []float32) {
	a.eachRow(i, len(to), func(own []float32, at int) { copy(to[at:], own) })
}

// eachRow calls do for each row of array i and where it begins in one of n numbers.
func (a Arrays) eachRow(i, n int, do func(own []float32, at int)) {
	if n != a.Size(i) {
		panic(fmt.Sprintf("fast: %d numbers for array %d of the weights, expected %d", n, i, a.Size(i)))
	}
	d := a.dense[i/2]
	from, to := 0, d.in // rows of the matrix; the biases follow
	if i%2 == 1 {
		from, to = d.in, d.in+1
	}
	for row := from; row < to; row++ {
		do(a.values[d.at+row*d.stride:][:d.out], (row-from)*d.out)
	}
}
