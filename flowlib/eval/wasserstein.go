package eval

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// SlicedWasserstein measures how far mass must be moved to turn the sample x,
// [n, D], into y, [m, D]: the Wasserstein-1 distance of their projections on a
// direction, ∫|F_x(t) - F_y(t)|dt, averaged over random directions, in the units
// of the data. Features of different units should be scaled first. For equal
// distributions it falls like 1/√n, not to zero; the p-value, by permutation,
// says whether it is larger than that.
//
// Source: Bonneel et al. 2015, https://doi.org/10.1007/s10851-014-0506-3, with
// the exponent 1, for which every permutation keeps the sorted projections.
//
// The seed draws directions and permutations. It returns an error on fewer than 2
// rows, on a value that is not finite and on rows of different lengths.
func SlicedWasserstein(x, y [][]float64, directions, permutations int, seed int64) (Test, error) {
	if err := checkPair(x, y, 2); err != nil {
		return Test{}, err
	}
	if directions < 1 || permutations < 0 {
		return Test{}, fmt.Errorf("eval: sliced Wasserstein needs a direction or more, and permutations ≥ 0, found %d and %d", directions, permutations)
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 0x51d))
	pooled := slices.Concat(x, y)
	slicesOf := make([]slice, directions)
	for i := range slicesOf {
		slicesOf[i] = newSlice(pooled, randomDirection(len(x[0]), rng))
	}
	up, down := 1/float64(len(x)), 1/float64(len(y))
	return permutationTest(len(x), len(y), permutations, rng, func(first []bool) float64 {
		sum := 0.0
		for _, s := range slicesOf {
			sum += s.distance(first, up, down)
		}
		return sum / float64(directions)
	}), nil
}

// slice is the pooled sample seen along one direction.
type slice struct {
	order []int     // row numbers, by projection
	gap   []float64 // from each projection to the next, [n+m-1]
}

func newSlice(rows [][]float64, direction []float64) slice {
	along := make([]float64, len(rows))
	s := slice{order: make([]int, len(rows)), gap: make([]float64, len(rows)-1)}
	for i, row := range rows {
		along[i] = floats.Dot(row, direction)
		s.order[i] = i
	}
	slices.SortFunc(s.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(along[a], along[b]), cmp.Compare(a, b))
	})
	for k := range s.gap {
		s.gap[k] = along[s.order[k+1]] - along[s.order[k]]
	}
	return s
}

// distance is ∫|F_x - F_y|, where F_x steps up by up at each row that is first.
func (s slice) distance(first []bool, up, down float64) float64 {
	sum, diff := 0.0, 0.0
	for k, gap := range s.gap {
		if first[s.order[k]] {
			diff += up
		} else {
			diff -= down
		}
		sum += math.Abs(diff) * gap
	}
	return sum
}

// randomDirection is uniform on the unit sphere.
func randomDirection(d int, rng *rand.Rand) []float64 {
	v := make([]float64, d)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	floats.Scale(1/floats.Norm(v, 2), v)
	return v
}
