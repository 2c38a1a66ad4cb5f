package kernel

// Peak performs rounds of multiply-adds, and nothing else, and returns how many
// floating-point operations those are, for comparison with the other kernels: no core can
// do more per second. It returns 0 for the portable set.
func (s *Set) Peak(rounds int) (flops int) {
	if s.vector == nil {
		return 0
	}
	s.vector.peak(rounds)
	const accumulators = 12
	lanes := map[string]int{"avx512": 16, "avx2": 8}[s.Name]
	return 2 * accumulators * lanes * rounds
}
