package kmeans

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Three clouds far apart are found as they are, in whatever order.
func TestPartFindsClouds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	want := []float64{-10, 0, 20}
	var x [][]float64
	for i := range 300 {
		x = append(x, []float64{want[i%3] + rng.NormFloat64(), rng.NormFloat64()})
	}
	centres, cluster := Part(x, 3, 4, 7)
	for i := range x {
		if cluster[i] != cluster[i%3] {
			t.Fatalf("row %d is in cluster %d, row %d of the same cloud in %d", i, cluster[i], i%3, cluster[i%3])
		}
		if at := centres[cluster[i]][0]; !(math.Abs(at-want[i%3]) < 0.5) { // 5 standard errors of 100 rows
			t.Fatalf("the center of cloud %g is at %g", want[i%3], at)
		}
	}
	again, _ := Part(x, 3, 4, 7)
	if !slices.EqualFunc(centres, again, slices.Equal) {
		t.Errorf("centers %v, from the same seed %v", centres, again)
	}
}

// More clusters than distinct rows leave some empty, and none at NaN.
func TestPartOfEqualRows(t *testing.T) {
	centres, cluster := Part([][]float64{{1}, {1}, {2}}, 3, 2, 1)
	for _, c := range centres {
		if c[0] != 1 && c[0] != 2 {
			t.Errorf("centers %v, expected 1 and 2 only", centres)
		}
	}
	if cluster[0] != cluster[1] || cluster[0] == cluster[2] {
		t.Errorf("clusters %v", cluster)
	}
}
