package kernel

// AddSquares adds ((z - mean)·scale)² to out: -2 times the exponent of a Gaussian in one
// feature.
func (s *Set) AddSquares(out, z []float32, mean, scale float32) {
	n := sameLength(out, z)
	if s.vector != nil {
		s.vector.addSquares(&out[0], &z[0], n, mean, scale)
		return
	}
	for i, v := range z {
		u := (v - mean) * scale
		out[i] += u * u
	}
}

// Pull is the backward pass of -½·share·u², u = (z - mean)·scale, for constant shares: it
// adds share·u·scale to dz, and returns the sums of share·u and of share·u².
func (s *Set) Pull(dz, z, share []float32, mean, scale float32) (first, second float32) {
	n := sameLength(dz, z, share)
	if s.vector != nil {
		return s.vector.pull(&dz[0], &z[0], &share[0], n, mean, scale)
	}
	for i, v := range z {
		u := (v - mean) * scale
		pulled := share[i] * u
		first += pulled
		second += pulled * u
		dz[i] += pulled * scale
	}
	return first, second
}
