package byhand

import "math/rand/v2"

// batches hands out row numbers: every epoch is a fresh permutation of all, and a
// batch may begin in one epoch and end in the next. They are those of package fit.
type batches struct {
	seed  int64
	rows  int
	epoch uint64 // the next one
	left  []int  // of the current one
}

func (b *batches) next() (row int) {
	if len(b.left) == 0 {
		b.left = rand.New(rand.NewPCG(uint64(b.seed), b.epoch)).Perm(b.rows)
		b.epoch++
	}
	row, b.left = b.left[0], b.left[1:]
	return row
}
