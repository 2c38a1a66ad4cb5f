package byhand

import (
	"math/rand/v2"
	"testing"
)

// The definition, one number of c after the other.
func TestMatMul(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for _, size := range [][3]int{{1, 1, 1}, {2, 3, 4}, {5, 1, 2}, {40, 7, 3}, {3, 64, 2}, {0, 2, 2}} {
		for way := range 4 {
			m, k, n := size[0], size[1], size[2]
			aT, bT := way%2 == 1, way/2 == 1
			a, b, c := make([]float64, m*k), make([]float64, k*n), make([]float64, m*n)
			for _, values := range [][]float64{a, b, c} {
				for i := range values {
					values[i] = rng.NormFloat64()
				}
			}
			before := append([]float64{}, c...)
			MatMul(c, a, b, m, k, n, aT, bT)
			for i := range m {
				for j := range n {
					want := before[i*n+j]
					for p := range k {
						aip, bpj := a[i*k+p], b[p*n+j]
						if aT {
							aip = a[p*m+i]
						}
						if bT {
							bpj = b[j*k+p]
						}
						want += aip * bpj
					}
					if !within(c[i*n+j], want, 1e-12) {
						t.Errorf("%v, transposed %v %v: c[%d,%d] is %g, expected %g", size, aT, bT, i, j, c[i*n+j], want)
					}
				}
			}
		}
	}
}
