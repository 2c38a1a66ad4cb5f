package kernel

// Peak makes rounds of multiply-adds, and nothing else, and returns how many
// floating-point operations those were: in a second as many as a core can make at
// all, to which the other kernels can be compared. It returns 0 for the portable
// set, whose loops nobody expects to come near.
func (s *Set) Peak(rounds int) (flops int) {
	if s.vector == nil {
		return 0
	}
	s.vector.peak(rounds)
	const accumulators = 12
	lanes := map[string]int{"avx512": 16, "avx2": 8}[s.Name]
	return 2 * accumulators * lanes * rounds
}
