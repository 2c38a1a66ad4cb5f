package columns

import (
	"math/rand/v2"
	"slices"
)

// sample represents the sorted values of a column. Of many values it holds the outermost
// and some in between, each weighted by the number of values it represents.
type sample struct {
	n float64 // the sum of weights
	x []float64
	w []float64
}

const (
	mostSampled = 1500
	ends        = 100 // the outermost values, at either end, that are all included
)

// newSample adds the noise of a column on a grid, so that densities can be compared.
func newSample(sorted []float64, step float64) sample {
	n := len(sorted)
	s := sample{n: float64(n)}
	if n <= mostSampled {
		s.x, s.w = slices.Clone(sorted), make([]float64, n)
		for i := range s.w {
			s.w[i] = 1
		}
	} else {
		add := func(v, weight float64) { s.x, s.w = append(s.x, v), append(s.w, weight) }
		for _, v := range sorted[:ends] {
			add(v, 1)
		}
		const inner = mostSampled - 2*ends
		weight := float64(n-2*ends) / inner
		for i := range inner {
			add(sorted[ends+int((float64(i)+0.5)*weight)], weight)
		}
		for _, v := range sorted[n-ends:] {
			add(v, 1)
		}
	}
	if step > 0 {
		rng := rand.New(rand.NewPCG(1, 2)) // the same choice every time
		for i := range s.x {
			s.x[i] += step * (rng.Float64() - 0.5)
		}
	}
	return s
}

// mean returns the weighted mean of f.
func (s sample) mean(f func(x float64) float64) float64 {
	sum := 0.0
	for i, x := range s.x {
		sum += s.w[i] * f(x)
	}
	return sum / s.n
}

// quantile returns the quantile p of sorted values.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]/2-sorted[i]/2)*2
}

// quartiles returns the median and the distance between the quartiles, as a standard
// deviation.
func (s sample) quartiles() (center, scale float64) {
	order := make([]int, len(s.x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case s.x[i] < s.x[j]:
			return -1
		case s.x[i] > s.x[j]:
			return 1
		}
		return 0
	})
	at := func(p float64) float64 {
		sum := 0.0
		for _, i := range order {
			if sum += s.w[i]; sum >= p*s.n {
				return s.x[i]
			}
		}
		return s.x[order[len(order)-1]]
	}
	center = at(0.5)
	for _, p := range []float64{0.25, 0.1, 0.02, 0} { // farther out, if the middle has one value
		if scale = (at(1-p)/2 - at(p)/2) / 0.674; scale > 0 {
			break
		}
	}
	return center, scale
}
