// Package kmeans clusters rows, as the start of a mixture.
package kmeans

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Part assigns the rows of x, [n, D], to at most k clusters and returns the centers, [k,
// D], and each row's cluster: the best of some restarts, by the sum of squared distances.
// A cluster may be empty if x has few distinct rows. The same seed gives the same result.
//
// Source: Lloyd's algorithm from the start of Arthur & Vassilvitskii 2007, "k-means++:
// the advantages of careful seeding", section 2.2: each further center is a row drawn in
// proportion to its squared distance from those before.
func Part(x [][]float64, k, restarts int, seed int64) (centres [][]float64, cluster []int) {
	rng := rand.New(rand.NewPCG(uint64(seed), 0x6b6d))
	best := math.Inf(1)
	for range restarts {
		c := spreadCentres(x, k, rng)
		at := make([]int, len(x))
		for range lloydSteps {
			assign(x, c, at)
			moveCentres(x, c, at)
		}
		if sum := assign(x, c, at); sum < best || centres == nil {
			best, centres, cluster = sum, c, at
		}
	}
	return centres, cluster
}

// lloydSteps are enough for a start: training does the rest.
const lloydSteps = 10

func spreadCentres(x [][]float64, k int, rng *rand.Rand) (centres [][]float64) {
	distance := make([]float64, len(x)) // squared, to the nearest center
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	next := rng.IntN(len(x))
	for range k {
		centre := slices.Clone(x[next])
		centres = append(centres, centre)
		sum := 0.0
		for i, row := range x {
			distance[i] = min(distance[i], squaredDistance(row, centre))
			sum += distance[i]
		}
		u := rng.Float64() * sum
		for next = 0; next < len(x)-1 && u >= distance[next]; next++ {
			u -= distance[next]
		}
	}
	return centres
}

// assign finds the nearest center of each row and returns the sum of squared distances.
func assign(x, centres [][]float64, cluster []int) (sum float64) {
	for i, row := range x {
		nearest := math.Inf(1)
		for c, centre := range centres {
			if d := squaredDistance(row, centre); d < nearest {
				nearest, cluster[i] = d, c
			}
		}
		sum += nearest
	}
	return sum
}

// moveCentres moves each center to the mean of its rows; one without rows stays.
func moveCentres(x, centres [][]float64, cluster []int) {
	count := make([]float64, len(centres))
	for _, c := range cluster {
		count[c]++
	}
	for c, n := range count {
		if n > 0 {
			clear(centres[c])
		}
	}
	for i, row := range x {
		c := cluster[i]
		for d, v := range row {
			centres[c][d] += v / count[c]
		}
	}
}

func squaredDistance(a, b []float64) float64 {
	sum := 0.0
	for d := range a {
		sum += (a[d] - b[d]) * (a[d] - b[d])
	}
	return sum
}
