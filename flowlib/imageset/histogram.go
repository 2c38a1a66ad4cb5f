package imageset

import "math"

// Histogram says how often each level was found at each pixel, as if pixels had nothing to
// do with each other: the simplest model of pictures.
type Histogram struct {
	levels  int
	logProb []float64 // [D·levels]
}

// NewHistogram counts the pictures of s, and half a picture more for each level at each
// pixel, so that nothing is impossible.
func NewHistogram(s *Set) *Histogram {
	d := s.Shape.Features()
	h := &Histogram{s.Levels, make([]float64, d*s.Levels)}
	for i := range h.logProb {
		h.logProb[i] = 0.5
	}
	for i, v := range s.Pixels {
		h.logProb[i%d*s.Levels+int(v)]++
	}
	total := float64(s.Len()) + 0.5*float64(s.Levels)
	for i, count := range h.logProb {
		h.logProb[i] = math.Log(count / total)
	}
	return h
}

// LogProb returns the log-probability of a picture of the same shape and levels, in nats.
func (h *Histogram) LogProb(picture []byte) (sum float64) {
	for i, v := range picture {
		sum += h.logProb[i*h.levels+int(v)]
	}
	return sum
}
