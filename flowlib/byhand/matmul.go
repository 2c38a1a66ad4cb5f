package byhand

// Product adds a product of matrices to c, [m, n], all stored row by row:
//
//	c += a·b   for a of [m, k] and b of [k, n]
//
// With aT the matrix a is passed transposed, as [k, m], and with bT so is b, as [n, k]. c
// shares no memory with a and b.
type Product[T Float] func(c, a, b []T, m, k, n int, aT, bT bool)

// MatMul is the [Product] in plain Go:
//
//	c_ij += Σ_p a_ip·b_pj
//
// Row i of c is a sum of rows of b. In this order the innermost loop walks along rows,
// which are contiguous in memory; computing one c_ij after the other would walk down the
// columns of b. A transposed matrix only has other strides.
func MatMul[T Float](c, a, b []T, m, k, n int, aT, bT bool) {
	ai, ap := k, 1 // strides between rows and between columns
	if aT {
		ai, ap = 1, m
	}
	bp, bj := n, 1
	if bT {
		bp, bj = 1, k
	}
	for i := range m {
		ci := c[i*n : (i+1)*n]
		for p := range k {
			aip := a[i*ai+p*ap]
			for j := range ci {
				ci[j] += aip * b[p*bp+j*bj]
			}
		}
	}
}
