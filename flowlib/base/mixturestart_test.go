package base

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// Three far clusters of unequal size and spread are found as they are, from any seed.
func TestMixtureStartsOnTheClusters(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	centres, stds, counts := [][]float64{{-5, 0}, {4, 4}, {3, -6}}, []float64{0.1, 0.5, 1}, []int{2000, 600, 400}
	var z [][]float64
	for c, n := range counts {
		for range n {
			z = append(z, []float64{centres[c][0] + stds[c]*rng.NormFloat64(), centres[c][1] + stds[c]*rng.NormFloat64()})
		}
	}
	for seed := range int64(5) {
		start, err := NewMixture(2, 3).Start(z, seed)
		if err != nil {
			t.Fatal(err)
		}
		for c, want := range centres {
			found := -1
			for k := range 3 {
				if math.Hypot(start["means"][2*k]-want[0], start["means"][2*k+1]-want[1]) < 0.2 {
					found = k
				}
			}
			if found < 0 {
				t.Fatalf("seed %d: no mean near %v: %v", seed, want, start["means"])
			}
			if share := math.Exp(start["logits"][found]); !(math.Abs(share-float64(counts[c])/3000) < 0.001) {
				t.Errorf("seed %d: cluster %v has share %g", seed, want, share)
			}
			for d := range 2 {
				s := MaxLogScale * math.Tanh(start["log_scales"][2*found+d]/MaxLogScale)
				if !(math.Abs(math.Exp(s)/Widening/stds[c]-1) < 0.1) { // three standard errors of 400 rows
					t.Errorf("seed %d: the component on %v has spread %g, want %g times %g", seed, want, math.Exp(s), Widening, stds[c])
				}
			}
		}
	}
}

func TestMixtureStartIsRepeatableAndFinite(t *testing.T) {
	// Fewer distinct rows than components: clusters without rows, and without spread.
	z := make([][]float64, 20)
	for i := range z {
		z[i] = []float64{float64(i % 2)}
	}
	m := NewMixture(1, 4)
	a, err := m.Start(z, 7)
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Start(z, 7)
	if err != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("one seed, two starts: %v, %v, %v", a, b, err)
	}
	for name, values := range a {
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: %v", name, values)
			}
		}
	}
	if _, err := m.Start(z[:4], 7); err == nil || !strings.Contains(err.Error(), "more than 4 rows") {
		t.Errorf("got %v", err)
	}
}
