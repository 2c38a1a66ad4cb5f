package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"normflow/flowlib/dataset"
)

// checkSample returns an error that names the sample, and the row where one
// holds a value that is not finite or has another number of features.
func checkSample(name string, rows [][]float64, features, atLeast int) error {
	if len(rows) < atLeast {
		return fmt.Errorf("eval: %s needs at least %d rows, found %d", name, atLeast, len(rows))
	}
	if features == 0 {
		return fmt.Errorf("eval: %s: row 0 has no features", name)
	}
	if err := dataset.CheckRows(rows, features); err != nil {
		return fmt.Errorf("eval: %s: %w", name, err)
	}
	return nil
}

// checkPair is checkSample of two samples that are to be compared.
func checkPair(x, y [][]float64, atLeast int) error {
	features := 0
	if len(x) > 0 {
		features = len(x[0])
	}
	if err := checkSample("first sample", x, features, atLeast); err != nil {
		return err
	}
	return checkSample("second sample", y, features, atLeast)
}

// subsample returns n of rows at random, or rows itself if there are no more.
func subsample(rows [][]float64, n int, rng *rand.Rand) [][]float64 {
	if len(rows) <= n {
		return rows
	}
	some := make([][]float64, n)
	for i, from := range rng.Perm(len(rows))[:n] {
		some[i] = rows[from]
	}
	return some
}

// standardize returns x and y with each feature shifted and scaled to mean 0 and
// standard deviation 1 over both together: a map that knows nothing of which row
// is whose, so that exchanging rows stays as likely as before.
func standardize(x, y [][]float64) (sx, sy [][]float64, err error) {
	s, err := dataset.NewStandardizer(slices.Concat(x, y))
	if err != nil {
		return nil, nil, fmt.Errorf("eval: standardizing both samples together: %w", err)
	}
	scaled := func(rows [][]float64) [][]float64 {
		out := make([][]float64, len(rows))
		for i, row := range rows {
			out[i] = make([]float64, len(row))
			for d, v := range row {
				out[i][d] = (v - s.Mean[d]) / s.Std[d]
			}
		}
		return out
	}
	return scaled(x), scaled(y), nil
}

// permutationTest compares statistic for the true labels, where the first n of
// n+m rows belong to the first sample, with its value for random ones:
//
//	p = (1 + #{permuted ≥ observed}) / (1 + permutations)
//
// which is exact for exchangeable rows, at any number of permutations. Source:
// Phipson and Smyth 2010, https://arxiv.org/abs/1603.05766.
func permutationTest(n, m, permutations int, rng *rand.Rand, statistic func(first []bool) float64) Test {
	first := make([]bool, n+m)
	for i := range n {
		first[i] = true
	}
	observed := statistic(first)
	reached := 1
	for range permutations {
		rng.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
		if !(statistic(first) < observed) {
			reached++
		}
	}
	return Test{observed, float64(reached) / float64(permutations+1)}
}
