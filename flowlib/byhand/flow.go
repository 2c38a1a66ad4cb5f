// Package byhand is RealNVP in plain Go: forward, inverse, log-determinant, and
// the backward pass derived on paper, without a library for any of it.
//
// It is there to be read. Package flow computes the same model by automatic
// differentiation, and package fast at the speed of the machine; weights pass
// from one to the other.
//
// Read flow.go and coupling.go for the model, backward.go, dense.go and relu.go
// for the derivation of its gradient, adam.go and train.go for what is done with it.
//
// Batches are [B, D], one event after the other in one slice; log-densities,
// log-determinants and NLLs are in nats.
package byhand

import (
	"fmt"
	"math"
)

// Float is the precision of a computation.
type Float interface{ float32 | float64 }

// Flow is a RealNVP over a unit Gaussian: a chain of affine couplings, and last,
// on the side of the data, a fixed scale and shift of each feature.
//
//	x = Mean + Std ⊙ f_L(… f_2(f_1(z)) …),   z ~ N(0, I)
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, whose f runs x -> z.
type Flow[T Float] struct {
	Features  int           // D
	Layers    []Coupling[T] // in the order of sampling, z to x
	Mean, Std []float64     // of the data, [D]; nil leaves them as they are

	Product Product[T] // computes all matrix products; nil is MatMul
}

// Forward maps latents z, [B, D], to events x, and returns log|det dx/dz|, [B].
func (f *Flow[T]) Forward(z []T) (x, logDet []T) {
	return f.mapChunks(z, func(v *matrix[T], logDet []T, p *pass[T]) {
		for i := range f.Layers {
			f.Layers[i].forward(v, logDet, p, f.product())
		}
		f.restore(v, logDet)
	})
}

// Inverse maps events x, [B, D], to latents z, and returns log|det dz/dx|, [B].
func (f *Flow[T]) Inverse(x []T) (z, logDet []T) {
	return f.mapChunks(x, func(v *matrix[T], logDet []T, p *pass[T]) {
		f.standardize(v, logDet)
		for i := len(f.Layers) - 1; i >= 0; i-- {
			f.Layers[i].inverse(v, logDet, p, f.product())
		}
	})
}

// chunkRows of a batch go through the flow at a time, so that the numbers on the
// way fit the processor's cache.
const chunkRows = 512

// mapChunks applies a map to a copy of in, [B, D], a chunk at a time.
func (f *Flow[T]) mapChunks(in []T, apply func(v *matrix[T], logDet []T, p *pass[T])) (out, logDet []T) {
	rows := f.rows(in)
	out, logDet = append([]T(nil), in...), make([]T, rows)
	var p pass[T]
	for first := 0; first < rows; first += chunkRows {
		last := min(first+chunkRows, rows)
		v := matrix[T]{last - first, f.Features, out[first*f.Features : last*f.Features]}
		apply(&v, logDet[first:last], &p)
	}
	return out, logDet
}

// standardize is the inverse of x = Mean + Std⊙u:
//
//	u = (x - Mean)/Std,   log|det du/dx| = -Σ_d log Std_d
func (f *Flow[T]) standardize(v *matrix[T], logDet []T) {
	for d := range f.Mean {
		mean, std, logStd := T(f.Mean[d]), T(f.Std[d]), T(math.Log(f.Std[d]))
		for b := range v.rows {
			v.row(b)[d] = (v.row(b)[d] - mean) / std
			logDet[b] -= logStd
		}
	}
}

// restore undoes standardize.
func (f *Flow[T]) restore(v *matrix[T], logDet []T) {
	for d := range f.Mean {
		mean, std, logStd := T(f.Mean[d]), T(f.Std[d]), T(math.Log(f.Std[d]))
		for b := range v.rows {
			v.row(b)[d] = mean + std*v.row(b)[d]
			logDet[b] += logStd
		}
	}
}

// rows is B of a batch [B, D].
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
