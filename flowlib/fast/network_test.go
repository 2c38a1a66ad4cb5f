package fast

import (
	"math/rand/v2"
	"testing"
)

// Where fewer columns of a block hold events than before, the answers to the others are 0, and
// those to the events are the same.
func TestColumnsWithoutEvents(t *testing.T) {
	for _, network := range []Network{{Hidden: []int{8, 8}}, {Hidden: []int{8}, Residual: true, Activation: "tanh"}} {
		e, err := New(Flow{Features: 2, Base: Normal{}, Layers: []Layer{Coupling{Mask: []bool{true, false}, InputBound: 5, Network: network, Transform: Affine{"tanh", 3}}}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 4))
		for i := range e.weights {
			e.weights[i] = float32(rng.NormFloat64())
		}
		r := e.layers[0](newPool(true)).(*runningCoupling)
		copy(r.in, events(rng, block))
		all := append([]float32(nil), r.conditioner.forward(r.in, block)...)
		few := r.conditioner.forward(r.in, 32)
		for i, v := range few[:2*block] {
			if want := all[i]; i%block < 32 && v != want || i%block >= 32 && v != 0 || want == 0 {
				t.Errorf("answer %d of event %d: %g, with all columns %g", i/block, i%block, v, want)
			}
		}
	}
}
