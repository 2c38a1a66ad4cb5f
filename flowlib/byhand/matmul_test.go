package byhand

import (
	"math/rand/v2"
	"testing"
)

// The definition, one number of c after the other.
func TestMatMul(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for _, size := range [][3]int{{1, 1, 1}, {2, 3, 4}, {5, 1, 2}, {40, 7, 3}, {3, 64, 2}, {0, 2, 2}} {
		m, k, n := size[0], size[1], size[2]
		a, b, c := make([]float64, m*k), make([]float64, k*n), make([]float64, m*n)
		for _, values := range [][]float64{a, b, c} { // what c held must not matter
			for i := range values {
				values[i] = rng.NormFloat64()
			}
		}
		MatMul(c, a, b, m, k, n)
		for i := range m {
			for j := range n {
				want := 0.0
				for p := range k {
					want += a[i*k+p] * b[p*n+j]
				}
				if !within(c[i*n+j], want, 1e-12) {
					t.Errorf("%v: c[%d,%d] is %g, expected %g", size, i, j, c[i*n+j], want)
				}
			}
		}
	}
}

func TestTranspose(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 5}, {16, 4}, {50, 7}} {
		a, c := matrix[float64]{rows: size[0], cols: size[1]}, matrix[float64]{}
		for i := range a.rows * a.cols {
			a.data = append(a.data, float64(i))
		}
		c.setTranspose(&a)
		if c.rows != a.cols || c.cols != a.rows {
			t.Fatalf("%v became [%d, %d]", size, c.rows, c.cols)
		}
		for i := range a.rows {
			for j, v := range a.row(i) {
				if c.row(j)[i] != v {
					t.Errorf("%v: [%d,%d] is %g, expected %g", size, j, i, c.row(j)[i], v)
				}
			}
		}
	}
}
