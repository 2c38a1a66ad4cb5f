package byhand

import "slices"

// matrix holds rows of numbers, one row after the other: a batch of B events is [B, D].
// It reuses its memory.
type matrix[T Float] struct {
	rows, cols int
	data       []T
}

func (a *matrix[T]) row(i int) []T { return a.data[i*a.cols : (i+1)*a.cols] }

// resize leaves the numbers undefined: the caller sets them.
func (a *matrix[T]) resize(rows, cols int) {
	a.rows, a.cols = rows, cols
	a.data = slices.Grow(a.data[:0], rows*cols)[:rows*cols]
}
