// Package byhand is RealNVP in plain Go: forward, inverse, log-determinant, and
// the backward pass derived on paper, without a library for any of it.
//
// It is there to be read. Package flow computes the same model by automatic
// differentiation, and package fast at the speed of the machine; weights pass
// from one to the other.
package byhand

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
}

// Coupling is an affine coupling layer. Features where Mask is true are frozen:
// they pass unchanged and choose, through the conditioner, how the others move.
//
//	(r, t) = conditioner(clip(z_frozen, ±InputBound)),   s = MaxLogScale·tanh(r/MaxLogScale)
//	x_moving = z_moving ⊙ exp(s) + t
//	log|det df/dz| = Σ_moving s
type Coupling[T Float] struct {
	Mask        []bool     // [D]
	Conditioner []Dense[T] // ReLU between them; the last has the r of each moving feature, then the t
	InputBound  float64
	MaxLogScale float64 // nats
}

// Dense is one layer of a conditioner: h·W + b.
type Dense[T Float] struct {
	In, Out int
	W       []T // [In, Out], row by row
	B       []T // [Out]
}
