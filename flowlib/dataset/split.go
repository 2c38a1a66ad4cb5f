package dataset

import (
	"fmt"
	"math/rand/v2"
)

// Splits holds the three parts every honest evaluation keeps apart: the flow is
// fitted to Train, every choice is made on Valid, and Test gives the figure.
type Splits struct {
	Train, Valid, Test [][]float64 // each [n, D]
}

// Draw samples the three parts of a toy density independently of each other.
// Different seeds give different parts, except that the test points are the
// same for every seed, so that runs are compared on equal ground.
func (d *Density) Draw(seed int64, train, valid, test int) Splits {
	return Splits{
		Train: d.Sample(3*seed+1, train),
		Valid: d.Sample(3*seed+2, valid),
		Test:  d.Sample(0, test),
	}
}

// Split shuffles rows and parts them by the given fractions of valid and test;
// the rest is for training. It shares the rows and does not change their order
// in the caller's slice.
//
// It returns an error if a fraction is not in [0, 1), or if a part that was
// asked for, or the training part, would be empty.
func Split(rows [][]float64, seed int64, valid, test float64) (Splits, error) {
	if !(valid >= 0 && test >= 0 && valid+test < 1) {
		return Splits{}, fmt.Errorf("dataset: fractions of valid (%g) and test (%g) must not be negative and sum to less than 1", valid, test)
	}
	n := len(rows)
	numValid, numTest := int(valid*float64(n)), int(test*float64(n))
	if n == 0 || valid > 0 && numValid == 0 || test > 0 && numTest == 0 {
		return Splits{}, fmt.Errorf("dataset: %d rows are too few to split off fractions %g and %g", n, valid, test)
	}
	shuffled := make([][]float64, n)
	for to, from := range rand.New(rand.NewPCG(uint64(seed), 0x5b117)).Perm(n) {
		shuffled[to] = rows[from]
	}
	return Splits{
		Train: shuffled[numValid+numTest:],
		Valid: shuffled[:numValid],
		Test:  shuffled[numValid : numValid+numTest],
	}, nil
}
