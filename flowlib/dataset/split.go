package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"
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
	shuffled := shuffle(rows, seed)
	return Splits{
		Train: shuffled[numValid+numTest:],
		Valid: shuffled[:numValid],
		Test:  shuffled[numValid : numValid+numTest],
	}, nil
}

// SplitFold is [Split] for cross-validation: the test rows are the fold-th, from 0, of
// equal shares of the rows, which all folds of a seed have in common. It returns an error
// as Split does, or if there is no such fold.
func SplitFold(rows [][]float64, seed int64, valid float64, fold, folds int) (Splits, error) {
	if folds < 2 || fold < 0 || fold >= folds {
		return Splits{}, fmt.Errorf("dataset: there is no fold %d of %d: expected at least 2, counted from 0", fold, folds)
	}
	n := len(rows)
	from, to := fold*n/folds, (fold+1)*n/folds
	numValid := int(valid * float64(n))
	if !(valid >= 0 && valid < 1) || from == to || valid > 0 && numValid == 0 || n-(to-from)-numValid < 1 {
		return Splits{}, fmt.Errorf("dataset: %d rows are too few for %d folds and a fraction of %g to validate", n, folds, valid)
	}
	shuffled := shuffle(rows, seed)
	others := slices.Concat(shuffled[to:], shuffled[:from]) // so that folds do not share their validation rows
	return Splits{Train: others[numValid:], Valid: others[:numValid], Test: shuffled[from:to]}, nil
}

// shuffle returns the rows in another order.
func shuffle(rows [][]float64, seed int64) [][]float64 {
	shuffled := make([][]float64, len(rows))
	for to, from := range rand.New(rand.NewPCG(uint64(seed), 0x5b117)).Perm(len(rows)) {
		shuffled[to] = rows[from]
	}
	return shuffled
}
