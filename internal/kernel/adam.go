package kernel

import "math"

// Adam holds the constants of the optimizer and the state common to all weights.
//
// Source: Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1.
type Adam struct {
	Decay1, Decay2, Epsilon float64
	Step                    int // updates made
}

// Update changes the weights by the gradient factor·g of update number Step; mean and
// square are the moments of the weights.
func (s *Set) Update(a Adam, rate float64, factor float32, w, mean, square, g []float32) {
	n := sameLength(w, mean, square, g)
	step := float64(a.Step)
	rate32 := float32(rate / (1 - math.Pow(a.Decay1, step)))
	correction := float32(1 / (1 - math.Pow(a.Decay2, step)))
	decay1, decay2, epsilon := float32(a.Decay1), float32(a.Decay2), float32(a.Epsilon)
	if s.vector != nil {
		s.vector.adam(&w[0], &mean[0], &square[0], &g[0], n, factor, decay1, decay2, rate32, correction, epsilon)
		return
	}
	for i, g := range g {
		g *= factor
		mean[i] = decay1*mean[i] + (1-decay1)*g
		square[i] = decay2*square[i] + (1-decay2)*g*g
		w[i] -= rate32 * mean[i] / (float32(math.Sqrt(float64(correction*square[i]))) + epsilon)
	}
}
