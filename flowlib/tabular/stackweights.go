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
// first.
func stackWeights(logProb [][]float64) []float64 {
	weights := slices.Repeat([]float64{1}, len(logProb))
	climb(logProb, weights)
	mixed := mix(logProb, weights)
	for k := len(weights) - 1; k >= 0; k-- {
		without := slices.Clone(weights)
		without[k] = 0
		if weights[k] == 0 || floats.Sum(without) == 0 { // keep at least one
			continue
		}
		climb(logProb, without)
		fewer := mix(logProb, without)
		if gain, se := gainOf(mixed, fewer); gain < max(leastErrors*se, leastGain) {
			weights, mixed = without, fewer
		}
	}
	return weights
}

// gainOf returns the mean by which logProb exceeds other, in nats per row, and its
// standard error. It is infinite if a row has a density under the first alone.
func gainOf(logProb, other []float64) (mean, se float64) {
	var gains []float64
	for i, lp := range logProb {
		if d := lp - other[i]; !math.IsNaN(d) {
			gains = append(gains, d)
		}
	}
	if slices.Contains(gains, math.Inf(1)) {
		return math.Inf(1), 0
	}
	return meanAndError(gains)
}

// climb moves weights to the likeliest ones; zeros stay zero.
func climb(logProb [][]float64, weights []float64) {
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
		rows++
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
					sum += share / density[i]
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
