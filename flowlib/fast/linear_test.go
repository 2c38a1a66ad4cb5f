package fast

import (
	"math/rand/v2"
	"testing"
)

// Moving features of a permutation: forward and back, in scores, draws and gradients,
// are those of the flow whose masks are exchanged.
func TestPermutation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 18))
	f := realNVP(rng, 3, 8)
	f.Layers = f.Layers[:1]
	plain, err := FromByHand(f, 1)
	if err != nil {
		t.Fatal(err)
	}
	c := f.Layers[0]
	moved, err := New(Flow{Features: 3, Base: Normal{}, Layers: []Layer{
		Coupling{Mask: c.Mask, InputBound: c.InputBound, Network: Network{Hidden: []int{8}}, Transform: Affine{"tanh", c.MaxLogScale}},
		Permutation{[]int{2, 0, 1}},
	}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(moved.weights, plain.weights)
	x := events(rng, 3*100)
	rows, at := make([]float32, len(x)), make([]int32, 100)
	for i := range 100 {
		rows[3*i], rows[3*i+1], rows[3*i+2], at[i] = x[3*i+2], x[3*i], x[3*i+1], int32(i)
	}
	want, got := make([]float64, 100), make([]float64, 100)
	plain.LogProb(want, x)
	moved.LogProb(got, rows)
	for i := range got {
		near(t, "log p", got[i], want[i], 0)
	}
	plain.Sample(x, nil, nil, 1, 0, 1)
	moved.Sample(rows, nil, nil, 1, 0, 1)
	for i := range 100 {
		near(t, "a draw", float64(rows[3*i]), float64(x[3*i+2]), 0)
	}
	gradient := func(e *Engine, x []float32) []float32 {
		trainer, err := NewTrainer(e, x)
		if err != nil {
			t.Fatal(err)
		}
		_, g := trainer.Gradient(at)
		return g.values
	}
	first, second := gradient(plain, x), gradient(moved, rows)
	for i := range first {
		near(t, "a gradient", float64(second[i]), float64(first[i]), 0)
	}
}
