package table

import "math"

// spread accumulates mean and standard deviation by Welford's update of the distances
// from the first value, so that a mean far from 0 costs no digits. Values are scaled by a
// power of two, which is exact, so that no square overflows or vanishes.
type spread struct {
	n               int64
	exponent        int // the largest so far, of nonzero values
	first, mean, m2 float64
}

func (s *spread) add(v float64) {
	if _, exponent := math.Frexp(v); v != 0 && (s.first == 0 && s.m2 == 0 || exponent > s.exponent) {
		s.first = math.Ldexp(s.first, s.exponent-exponent)
		s.mean = math.Ldexp(s.mean, s.exponent-exponent)
		s.m2 = math.Ldexp(s.m2, 2*(s.exponent-exponent))
		s.exponent = exponent
	}
	v = math.Ldexp(v, -s.exponent)
	if s.n == 0 {
		s.first = v
	}
	s.n++
	delta := v - s.first - s.mean
	s.mean += delta / float64(s.n)
	s.m2 += delta * (v - s.first - s.mean)
}

// meanStd returns the mean and the standard deviation of the sample, 0 for fewer than two
// values.
func (s *spread) meanStd() (mean, std float64) {
	if s.n > 1 {
		std = math.Sqrt(s.m2 / float64(s.n-1))
	}
	return math.Ldexp(s.first+s.mean, s.exponent), math.Ldexp(std, s.exponent)
}
