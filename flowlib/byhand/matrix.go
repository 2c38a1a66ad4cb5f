package byhand

import "slices"

// matrix holds rows of numbers, one row after the other: a batch of B events is
// [B, D]. It keeps its memory from one use to the next.
type matrix[T Float] struct {
	rows, cols int
	data       []T
}

func (a *matrix[T]) row(i int) []T { return a.data[i*a.cols : (i+1)*a.cols] }

// resize leaves numbers that mean nothing: the caller fills them in.
func (a *matrix[T]) resize(rows, cols int) {
	a.rows, a.cols = rows, cols
	a.data = slices.Grow(a.data[:0], rows*cols)[:rows*cols]
}

// setProduct makes c the product a·b.
func (c *matrix[T]) setProduct(a, b *matrix[T], multiply Product[T]) {
	c.resize(a.rows, b.cols)
	multiply(c.data, a.data, b.data, a.rows, a.cols, b.cols)
}

// setTranspose makes c = aᵀ from a few rows of a at a time, which stay in the
// processor's cache while it walks down their columns.
func (c *matrix[T]) setTranspose(a *matrix[T]) {
	const few = 16
	c.resize(a.cols, a.rows)
	for first := 0; first < a.rows; first += few {
		last := min(first+few, a.rows)
		for j := range a.cols {
			row := c.row(j)[first:last]
			for i := range row {
				row[i] = a.data[(first+i)*a.cols+j]
			}
		}
	}
}
