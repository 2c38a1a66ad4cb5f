package byhand

import "math/rand/v2"

// batches yields row numbers: every epoch is a new permutation of all rows, and a batch
// may begin in one epoch and end in the next. They are the same as in package fit.
type batches struct {
	seed  int64
	rows  int
	epoch uint64 // the next epoch
	left  []int  // of the current epoch
}

func (b *batches) next() (row int) {
	if len(b.left) == 0 {
		b.left = rand.New(rand.NewPCG(uint64(b.seed), b.epoch)).Perm(b.rows)
		b.epoch++
	}
	row, b.left = b.left[0], b.left[1:]
	return row
}
