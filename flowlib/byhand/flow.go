// Package byhand is RealNVP in plain Go: forward, inverse, log-determinant, and the
// backward pass derived on paper, without any library.
//
// It is meant to be read. Package flow computes the same model by automatic
// differentiation, and package fast at the speed of the machine; weights can be moved
// between them.
//
// Read flow.go and coupling.go for the model, backward.go, dense.go and relu.go for the
// derivation of its gradient, adam.go and train.go for its use.
//
// Batches are [B, D], one event after the other in one slice; log-densities,
// log-determinants and NLLs are in nats.
package byhand

import "fmt"

// Float is the precision of a computation.
type Float interface{ float32 | float64 }

// Flow is a RealNVP over a unit Gaussian: a chain of affine couplings.
//
//	x = f_L(… f_2(f_1(z)) …),   z ~ N(0, I)
//
// It does not standardize: events far from 0, or of very large or small spread, must be
// standardized first, in float64; see package dataset.
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, whose f runs x -> z.
type Flow[T Float] struct {
	Features int           // D
	Layers   []Coupling[T] // in the order of sampling, z to x

	Product Product[T] // computes all matrix products; nil is MatMul
}

// Forward maps latents z, [B, D], to events x, and returns log|det dx/dz|, [B].
func (f *Flow[T]) Forward(z []T) (x []T, logDet []float64) {
	return f.mapChunks(z, func(v *matrix[T], logDet []float64, p *pass[T]) {
		for i := range f.Layers {
			f.Layers[i].forward(v, logDet, p, f.product())
		}
	})
}

// Inverse maps events x, [B, D], to latents z, and returns log|det dz/dx|, [B].
func (f *Flow[T]) Inverse(x []T) (z []T, logDet []float64) {
	return f.mapChunks(x, func(v *matrix[T], logDet []float64, p *pass[T]) {
		for i := len(f.Layers) - 1; i >= 0; i-- {
			f.Layers[i].inverse(v, logDet, p, f.product())
		}
	})
}

// chunkRows of a batch go through the flow at a time, so that intermediate results fit in
// the processor's cache.
const chunkRows = 512

// mapChunks applies a map to a copy of in, [B, D], a chunk at a time.
func (f *Flow[T]) mapChunks(in []T, apply func(v *matrix[T], logDet []float64, p *pass[T])) (out []T, logDet []float64) {
	rows := f.rows(in)
	out, logDet = append([]T(nil), in...), make([]float64, rows)
	var p pass[T]
	for first := 0; first < rows; first += chunkRows {
		last := min(first+chunkRows, rows)
		v := matrix[T]{last - first, f.Features, out[first*f.Features : last*f.Features]}
		apply(&v, logDet[first:last], &p)
	}
	return out, logDet
}

// rows returns B of a batch [B, D].
func (f *Flow[T]) rows(batch []T) int {
	if len(batch)%f.Features != 0 {
		panic(fmt.Sprintf("byhand: a batch of %d numbers, expected rows of %d features", len(batch), f.Features))
	}
	return len(batch) / f.Features
}

func (f *Flow[T]) product() Product[T] {
	if f.Product != nil {
		return f.Product
	}
	return MatMul[T]
}
