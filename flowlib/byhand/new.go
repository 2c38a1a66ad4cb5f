package byhand

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Bounds of the couplings that [NewCoupling] makes, as in package bijector.
const (
	DefaultInputBound  = 5.0
	DefaultMaxLogScale = 3.0 // nats
)

// New returns a flow with the given number of couplings, whose masks freeze alternate
// features, with conditioners of the given hidden widths. It is the identity, since the
// last layers of the conditioners are zero. The hidden layers start as PyTorch's Linear,
// weights and biases uniform on ±1/√inputs, drawn from the seed.
func New[T Float](features, layers int, hidden []int, seed int64) *Flow[T] {
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	f := &Flow[T]{Features: features}
	for i := range layers {
		c := NewCoupling[T](alternating(features, i), hidden)
		for j := range hidden {
			c.Conditioner[j].randomize(rng)
		}
		f.Layers = append(f.Layers, c)
	}
	return f
}

// NewCoupling returns a coupling with the given mask and the default bounds, and a
// conditioner of the given hidden widths whose weights are all zero.
func NewCoupling[T Float](mask []bool, hidden []int) Coupling[T] {
	c := Coupling[T]{Mask: mask, InputBound: DefaultInputBound, MaxLogScale: DefaultMaxLogScale}
	in, moving := c.inputs()
	for _, out := range append(slices.Clone(hidden), 2*moving) {
		c.Conditioner = append(c.Conditioner, Dense[T]{In: in, Out: out, W: make([]T, in*out), B: make([]T, out)})
		in = out
	}
	return c
}

// alternating freezes the odd features in even layers and the even ones in odd layers. A
// single feature is never frozen.
func alternating(features, layer int) []bool {
	mask := make([]bool, features)
	for d := range mask {
		mask[d] = features > 1 && d%2 != layer%2
	}
	return mask
}

// inputs returns how many features the conditioner reads, and how many move.
func (c *Coupling[T]) inputs() (inputs, moving int) {
	for _, frozen := range c.Mask {
		if frozen {
			inputs++
		} else {
			moving++
		}
	}
	return max(inputs, 1), moving
}

func (l *Dense[T]) randomize(rng *rand.Rand) {
	limit := 1 / math.Sqrt(float64(l.In))
	for _, values := range [][]T{l.W, l.B} {
		for i := range values {
			values[i] = T(limit * (2*rng.Float64() - 1))
		}
	}
}

// Params lists the weights for an optimizer: for each coupling, W and b of every dense
// layer. They share memory with the flow.
func (f *Flow[T]) Params() [][]T {
	var params [][]T
	for _, c := range f.Layers {
		for _, l := range c.Conditioner {
			params = append(params, l.W, l.B)
		}
	}
	return params
}

// clear sets all weights to 0.
func (f *Flow[T]) clear() {
	for _, c := range f.Layers {
		for _, l := range c.Conditioner {
			clear(l.W)
			clear(l.B)
		}
	}
}

// NumParameters returns the number of weights.
func (f *Flow[T]) NumParameters() int {
	n := 0
	for _, values := range f.Params() {
		n += len(values)
	}
	return n
}

// Clone returns a copy that shares no memory with f.
func (f *Flow[T]) Clone() *Flow[T] {
	c := Convert[T](f)
	c.Product = f.Product
	return c
}

// Convert returns a copy of f in another precision, with MatMul as its product.
func Convert[To, From Float](f *Flow[From]) *Flow[To] {
	out := &Flow[To]{Features: f.Features}
	for _, c := range f.Layers {
		layer := Coupling[To]{Mask: slices.Clone(c.Mask), InputBound: c.InputBound, MaxLogScale: c.MaxLogScale}
		for _, l := range c.Conditioner {
			layer.Conditioner = append(layer.Conditioner, Dense[To]{l.In, l.Out, convert[To](l.W), convert[To](l.B)})
		}
		out.Layers = append(out.Layers, layer)
	}
	return out
}

func convert[To, From Float](values []From) []To {
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = To(v)
	}
	return out
}
