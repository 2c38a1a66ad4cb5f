package byhand

// Product computes the matrix product c = a·b, for c of m rows and n columns, a
// of m rows and k columns, b of k rows and n columns, each stored row by row. What c
// held before does not matter; it shares no memory with a and b.
type Product[T Float] func(c, a, b []T, m, k, n int)

// MatMul is the [Product] in plain Go:
//
//	c_ij = Σ_p a_ip·b_pj
//
// Row i of c is a sum of rows of b. In this order the innermost loop walks along
// rows of b and c, through memory as it lies there; one c_ij after the other
// would walk down the columns of b.
func MatMul[T Float](c, a, b []T, m, k, n int) {
	for i := range m {
		ci := c[i*n : (i+1)*n]
		clear(ci)
		for p, aip := range a[i*k : (i+1)*k] {
			bp := b[p*n : (p+1)*n]
			for j := range ci {
				ci[j] += aip * bp[j]
			}
		}
	}
}
