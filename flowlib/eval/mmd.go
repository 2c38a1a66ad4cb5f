package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/spatial/kdtree"
)

// MMDTest is the outcome of [MMD].
type MMDTest struct {
	Test
	Bandwidth float64 `json:"bandwidth"` // σ of the kernel, in the units of the data
	Rows      [2]int  `json:"rows"`      // how many of each sample it looked at
}

// MMD estimates the squared maximum mean discrepancy between the distributions of
// the samples x, [n, D], and y, [m, D], without bias, and so negative at times:
//
//	MMD² = Σ_{i≠j} k(x_i,x_j)/n(n-1) + Σ_{i≠j} k(y_i,y_j)/m(m-1) - 2·Σ_{ij} k(x_i,y_j)/nm
//
// with k(a,b) = exp(-|a-b|²/2σ²), σ being the median distance in the pooled
// sample. It is 0 for equal distributions only; the p-value is by permutation.
// Features of different units should be scaled first.
//
// Source: Gretton et al. 2012, https://jmlr.org/papers/v13/gretton12a.html, lemma 6.
//
// Time and memory are quadratic: of a longer sample, maxRows rows are drawn. The
// seed draws them and the permutations. It returns an error on fewer than 2 rows,
// on a value that is not finite, on rows of different lengths, and where over
// half of all pairs coincide, so that there is no σ.
func MMD(x, y [][]float64, maxRows, permutations int, seed int64) (MMDTest, error) {
	if err := checkPair(x, y, 2); err != nil {
		return MMDTest{}, err
	}
	if maxRows < 2 || permutations < 0 {
		return MMDTest{}, fmt.Errorf("eval: MMD needs at least 2 rows of each sample, and permutations ≥ 0, found %d and %d", maxRows, permutations)
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 0x33d))
	x, y = subsample(x, maxRows, rng), subsample(y, maxRows, rng)
	k, sigma := gaussianKernel(slices.Concat(x, y))
	if !(sigma > 0) || math.IsInf(sigma, 0) {
		return MMDTest{}, fmt.Errorf("eval: the median distance between rows is %g: MMD has no bandwidth", sigma)
	}
	rowSums, total := make([]float64, len(k)), 0.0
	for i, row := range k {
		for j, v := range row {
			rowSums[i] += v
			rowSums[j] += v
			total += 2 * v
		}
	}
	n, m := float64(len(x)), float64(len(y))
	rows := make([]int, 0, len(x))
	t := permutationTest(len(x), len(y), permutations, rng, func(first []bool) float64 {
		rows = rows[:0]
		for i, is := range first {
			if is {
				rows = append(rows, i)
			}
		}
		// The sums over x alone and over all rows of the kernel give the others.
		xx, fromX := 0.0, 0.0
		for a, i := range rows {
			fromX += rowSums[i]
			for _, j := range rows[:a] {
				xx += 2 * k[i][j]
			}
		}
		xy := fromX - xx
		yy := total - xx - 2*xy
		return xx/(n*(n-1)) + yy/(m*(m-1)) - 2*xy/(n*m)
	})
	return MMDTest{t, sigma, [2]int{len(x), len(y)}}, nil
}

// gaussianKernel returns k(a_i, a_j) for j < i, row by row, and its σ.
func gaussianKernel(a [][]float64) (k [][]float64, sigma float64) {
	k = make([][]float64, len(a))
	var squares []float64
	for i := range a {
		k[i] = make([]float64, i)
		for j := range k[i] {
			k[i][j] = kdtree.Point(a[i]).Distance(kdtree.Point(a[j])) // squared
		}
		squares = append(squares, k[i]...)
	}
	slices.Sort(squares)
	sigma = math.Sqrt(squares[len(squares)/2])
	for _, row := range k {
		for j, square := range row {
			row[j] = math.Exp(-square / (2 * sigma * sigma))
		}
	}
	return k, sigma
}
