package bijector_test

import (
	"reflect"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
)

func TestPermutationsNameWhereEachFeatureComesFrom(t *testing.T) {
	z := [][]float32{{10, 11, 12, 13}}
	for name, tt := range map[string]struct {
		b    *bijector.Permutation
		want []float32
	}{
		"by hand": {bijector.NewPermutation([]int{2, 0, 3, 1}), []float32{12, 10, 13, 11}},
		"reverse": {bijector.Reversal(4), []float32{13, 12, 11, 10}},
	} {
		if got := apply(t, model.NewStore(), tt.b, z, true)[0]; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v becomes %v, want %v", name, z[0], got, tt.want)
		}
	}
}

func TestImpossiblePermutationsPanic(t *testing.T) {
	for name, build := range map[string]func(){
		"twice":        func() { bijector.NewPermutation([]int{0, 0, 1}) },
		"out of range": func() { bijector.NewPermutation([]int{0, 2}) },
		"negative":     func() { bijector.NewPermutation([]int{0, -1}) },
		"empty":        func() { bijector.NewPermutation(nil) },
		"no features":  func() { bijector.Reversal(0) },
	} {
		checkPanics(t, name, "permutation", build)
	}
}

// Saved models name random masks by their seed alone: what a seed stands for must never
// change, or a loaded model is another one.
func TestSeedsStandForTheSameMaskForever(t *testing.T) {
	if got, want := draw(bijector.RandomMask(12, 7)), "#.#.#..##.#."; got != want {
		t.Errorf("the mask of seed 7 is %s, models were saved with %s", got, want)
	}
}
