package table

import "math/rand/v2"

// Dequantize adds uniform noise on [-steps[j]/2, steps[j]/2) to column j of every row,
// [D], so that a column on a grid gets a density. A step of 0 leaves a column unchanged.
// The same seed gives the same noise.
//
// A log-density q fitted to such rows is in nats, with the columns in their units. For a
// whole row x on the grid it bounds the log-probability Q of x's cell, of volume V = Π
// steps, from below:
//
//	log Q(x) = log ∫ q(x+u) du ≥ E_u[log q(x+u)] + log V,   u uniform on the cell
//
// so the mean NLL in nats per row of a discrete model is at most the dequantized one
// minus log V. Source: Theis, van den Oord, Bethge 2016, section 3.1,
// https://arxiv.org/abs/1511.01844.
func Dequantize(rows [][]float64, steps []float64, seed int64) {
	rng := rand.New(rand.NewPCG(uint64(seed), 0xde9a))
	for _, row := range rows {
		for j, step := range steps {
			if step > 0 {
				row[j] += step * (rng.Float64() - 0.5)
			}
		}
	}
}
