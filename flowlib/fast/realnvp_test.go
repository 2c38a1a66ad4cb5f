package fast

import (
	"math/rand/v2"

	"normflow/flowlib/byhand"
)

// realNVP is 8 layers with conditioners of 64 and 64 units: 35,344 weights at two features.
func realNVP(rng *rand.Rand, features int, hidden ...int) *byhand.Flow[float32] {
	f := &byhand.Flow[float32]{Features: features}
	for i := range 8 {
		c := byhand.Coupling[float32]{InputBound: 5, MaxLogScale: 3}
		moving := 0
		for d := range features {
			frozen := features > 1 && d%2 != i%2
			c.Mask = append(c.Mask, frozen)
			if !frozen {
				moving++
			}
		}
		in := max(1, features-moving)
		for _, out := range append(append([]int{}, hidden...), 2*moving) {
			d := byhand.Dense[float32]{In: in, Out: out}
			for range in * out {
				d.W = append(d.W, float32(rng.NormFloat64())*0.1)
			}
			for range out {
				d.B = append(d.B, float32(rng.NormFloat64())*0.1)
			}
			c.Conditioner = append(c.Conditioner, d)
			in = out
		}
		f.Layers = append(f.Layers, c)
	}
	return f
}

func events(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}
