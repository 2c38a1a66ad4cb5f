package fit

import "math/rand/v2"

// batches chooses the rows of each batch. Without replacement every epoch is a fresh
// permutation, and a batch may span two epochs; with replacement each row is drawn from
// all rows; in order, nothing is random. The rows of a step depend on the seed and the
// step only, so a resumed run sees the same ones.
type batches struct {
	seed        int64
	rows        int
	size        int
	replacement bool
	inOrder     bool
	epoch       int // epoch of the stored permutation; -1 for none
	shuffle     []int
}

func newBatches(cfg Config, rows int) *batches {
	if cfg.Stream != nil {
		return &batches{rows: cfg.window(), size: cfg.BatchSize, inOrder: true, epoch: -1}
	}
	return &batches{seed: cfg.Seed, rows: rows, size: cfg.BatchSize, replacement: cfg.Replacement, inOrder: cfg.InOrder, epoch: -1}
}

// at returns the row indices of the batch of a step, counted from 0.
func (b *batches) at(step int) []int32 {
	indices := make([]int32, b.size)
	if b.replacement {
		rng := rand.New(rand.NewPCG(uint64(b.seed), uint64(step)))
		for i := range indices {
			indices[i] = rng.Int32N(int32(b.rows))
		}
		return indices
	}
	for i := range indices {
		position := step*b.size + i
		if b.inOrder {
			indices[i] = int32(position % b.rows)
			continue
		}
		if epoch := position / b.rows; epoch != b.epoch {
			b.shuffle = rand.New(rand.NewPCG(uint64(b.seed), uint64(epoch))).Perm(b.rows)
			b.epoch = epoch
		}
		indices[i] = int32(b.shuffle[position%b.rows])
	}
	return indices
}
