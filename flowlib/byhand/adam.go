package byhand

import "math"

// Adam is the optimizer of Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, algorithm
// 1. For each weight w with gradient g, at step t = 1, 2, …
//
//	m = β₁·m + (1-β₁)·g        the mean of the last gradients
//	v = β₂·v + (1-β₂)·g²       the mean of their squares
//	m̂ = m/(1-β₁ᵗ),   v̂ = v/(1-β₂ᵗ)   corrects for their start at 0
//	w = w - rate·m̂/(√v̂ + ε)
type Adam[T Float] struct {
	Beta1, Beta2 float64 // decay per step
	Epsilon      float64 // in units of the gradient

	steps int
	m, v  [][]T
}

// NewAdam returns an Adam with the constants of the paper, 0.9, 0.999 and 1e-8.
func NewAdam[T Float]() *Adam[T] {
	return &Adam[T]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
}

// Step updates the weights, which are the [Flow.Params] of a flow; gradient is those of
// its gradient. Every call must be for the same weights.
func (a *Adam[T]) Step(weights, gradient [][]T, rate float64) {
	if a.m == nil {
		a.m, a.v = zeros(weights), zeros(weights)
	}
	a.steps++
	t := float64(a.steps)
	beta1, beta2, epsilon := T(a.Beta1), T(a.Beta2), T(a.Epsilon)
	mUndo, vUndo := T(1/(1-math.Pow(a.Beta1, t))), T(1/(1-math.Pow(a.Beta2, t)))
	for i, w := range weights {
		m, v := a.m[i], a.v[i]
		for j, g := range gradient[i] {
			m[j] = beta1*m[j] + (1-beta1)*g
			v[j] = beta2*v[j] + (1-beta2)*g*g
			w[j] -= T(rate) * (m[j] * mUndo) / (sqrt(v[j]*vUndo) + epsilon)
		}
	}
}

func zeros[T Float](like [][]T) [][]T {
	all := make([][]T, len(like))
	for i := range all {
		all[i] = make([]T, len(like[i]))
	}
	return all
}

func sqrt[T Float](v T) T { return T(math.Sqrt(float64(v))) }
