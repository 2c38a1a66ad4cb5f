package tabular

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

const (
	// leastGain is how many nats per row a density must add to the mixture: less is not
	// worth the cost of scoring.
	leastGain = 0.002
	// leastErrors is how many standard errors the gain must be. Half of one: a useless
	// density costs little, a missed one much.
	leastErrors = 0.5
)

// stackWeights returns the weights of the likeliest mixture, by the EM algorithm.
// Beginning with the last, a density gets weight 0 if the mixture is as good without it.
// logProb holds the log-densities of the same rows under each density, [k][n], simplest
// first, and rows the weights of the rows (nil: all 1).
func stackWeights(logProb [][]float64, rows []float64) []float64 {
	weights := slices.Repeat([]float64{1}, len(logProb))
	climb(logProb, rows, weights)
	mixed := mix(logProb, weights)
	for k := len(weights) - 1; k >= 0; k-- {
		without := slices.Clone(weights)
		without[k] = 0
		if weights[k] == 0 || floats.Sum(without) == 0 { // keep at least one
			continue
		}
		climb(logProb, rows, without)
		fewer := mix(logProb, without)
		if gain, se := gainOf(mixed, fewer, rows); gain < max(leastErrors*se, leastGain) {
			weights, mixed = without, fewer
		}
	}
	return weights
}

// gainOf returns the mean by which logProb exceeds other, in nats per row, and its
// standard error. It is infinite if a row has a density under the first alone.
func gainOf(logProb, other, rows []float64) (mean, se float64) {
	var gains sums
	for i, lp := range logProb {
		d := lp - other[i]
		switch {
		case math.IsInf(d, 1):
			return d, 0
		case math.IsNaN(d):
		default:
			gains.add(-d, weightOf(rows, i))
		}
	}
	return gains.meanAndError()
}

// climb moves weights to the likeliest ones; zeros stay zero. counts are the weights of
// the rows (nil: all 1).
func climb(logProb [][]float64, counts, weights []float64) {
	const (
		rounds = 2000
		tiny   = 1e-7
	)
	shares := make([][]float64, len(weights)) // densities of a row, up to a factor
	for k := range shares {
		shares[k] = make([]float64, len(logProb[k]))
	}
	rows := 0.0
	for i := range logProb[0] {
		largest := math.Inf(-1)
		for k, w := range weights {
			if w > 0 {
				largest = max(largest, logProb[k][i])
			}
		}
		if math.IsInf(largest, -1) { // outside the support of all
			continue
		}
		rows += weightOf(counts, i)
		for k, w := range weights {
			if w > 0 {
				shares[k][i] = math.Exp(logProb[k][i] - largest)
			}
		}
	}
	floats.Scale(1/floats.Sum(weights), weights)
	if rows == 0 { // no row tells anything
		return
	}
	density := make([]float64, len(logProb[0]))
	for range rounds {
		clear(density)
		for k, w := range weights {
			if w > 0 {
				floats.AddScaled(density, w, shares[k])
			}
		}
		moved := 0.0
		for k, w := range weights {
			if w == 0 {
				continue
			}
			sum := 0.0
			for i, share := range shares[k] {
				if share > 0 {
					sum += weightOf(counts, i) * share / density[i]
				}
			}
			weights[k] = w * sum / rows
			moved = max(moved, math.Abs(weights[k]-w))
		}
		if moved < tiny {
			return
		}
	}
}

// mix returns the log-densities of the mixture.
func mix(logProb [][]float64, weights []float64) []float64 {
	mixed, terms := make([]float64, len(logProb[0])), make([]float64, len(weights))
	for i := range mixed {
		for k, w := range weights {
			if terms[k] = math.Inf(-1); w > 0 {
				terms[k] = math.Log(w) + logProb[k][i]
			}
		}
		mixed[i] = floats.LogSumExp(terms)
	}
	return mixed
}
