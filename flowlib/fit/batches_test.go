package fit

import (
	"math"
	"slices"
	"testing"
)

func TestBatchesCoverEachEpochOnce(t *testing.T) {
	const rows, size = 10, 4
	b := newBatches(Config{Seed: 1, BatchSize: size}, rows)
	var seen []int32
	for step := range 5 { // two epochs, batches straddle the boundary
		seen = append(seen, b.at(step)...)
	}
	for epoch := range 2 {
		once := slices.Clone(seen[epoch*rows : (epoch+1)*rows])
		slices.Sort(once)
		if !slices.Equal(once, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("epoch %d visits %v", epoch, once)
		}
	}
	if again := newBatches(Config{Seed: 1, BatchSize: size}, rows).at(3); !slices.Equal(again, seen[3*size:4*size]) {
		t.Errorf("step 3 alone sees %v, in sequence %v", again, seen[3*size:4*size])
	}
}

func TestBatchesInOrder(t *testing.T) {
	b := newBatches(Config{BatchSize: 4, InOrder: true}, 6)
	if first, second := b.at(0), b.at(1); !slices.Equal(first, []int32{0, 1, 2, 3}) || !slices.Equal(second, []int32{4, 5, 0, 1}) {
		t.Errorf("got %v and %v", first, second)
	}
}

// With replacement each row is as likely as another in each draw, batches of
// different steps and places have nothing to do with each other, and a step alone
// sees what it sees in sequence.
func TestBatchesWithReplacementAreUniform(t *testing.T) {
	const rows, size, steps = 60, 50, 400
	cfg := Config{Seed: 5, BatchSize: size, Replacement: true}
	b := newBatches(cfg, rows)
	counts, first, pairs := make([]int, rows), make([]int, rows), make([]int, rows*rows)
	var last []int32
	for step := range steps {
		batch := b.at(step)
		for i, row := range batch {
			counts[row]++
			if step > 0 {
				pairs[int(row)*rows+int(last[i])]++ // of the same place in the step before
			}
		}
		first[batch[0]]++
		last = batch
	}
	if again := newBatches(cfg, rows).at(steps - 1); !slices.Equal(again, last) {
		t.Errorf("the last step alone sees %v, in sequence %v", again, last)
	}
	other := cfg
	other.Seed++
	if slices.Equal(newBatches(other, rows).at(0), newBatches(cfg, rows).at(0)) {
		t.Error("another seed gives the same batch")
	}
	for name, counts := range map[string][]int{"all draws": counts, "the first of each batch": first, "pairs of neighbouring steps": pairs} {
		total := 0
		for _, n := range counts {
			total += n
		}
		want, chi2 := float64(total)/float64(len(counts)), 0.0
		for _, n := range counts {
			chi2 += (float64(n) - want) * (float64(n) - want) / want
		}
		// χ² of k-1 degrees of freedom has mean k-1 and variance 2(k-1). Epochs
		// that see each row once would be far below: at 0, 5 standard deviations.
		free := float64(len(counts) - 1)
		if !(math.Abs(chi2-free) <= 4*math.Sqrt(2*free)) {
			t.Errorf("%s: χ² is %.1f, expected %.0f ± %.1f", name, chi2, free, math.Sqrt(2*free))
		}
	}
}
