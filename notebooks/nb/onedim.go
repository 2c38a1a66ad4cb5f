package nb

import (
	"math"
	"math/rand/v2"

	"normflow/flowlib/figure"
)

// OneDimension compares, over [low, high], the density that logProb gives with a
// histogram of f(z) for 200,000 draws of z from N(0, 1).
func OneDimension(name string, f, logProb func(float64) float64, low, high float64) figure.Chart {
	const draws, bins = 200_000, 60
	width := (high - low) / bins
	counts := make([]float64, bins)
	rng := rand.New(rand.NewPCG(1, 0))
	for range draws {
		if i := int(math.Floor((f(rng.NormFloat64()) - low) / width)); i >= 0 && i < bins {
			counts[i]++
		}
	}
	var exact, histogram [][]float64
	for i, count := range counts {
		left, density := low+float64(i)*width, count/draws/width
		histogram = append(histogram, []float64{left, density}, []float64{left + width, density})
	}
	for i := range 400 {
		x := low + (high-low)*float64(i)/399
		exact = append(exact, []float64{x, math.Exp(logProb(x))})
	}
	return figure.Chart{Name: name, X: "x", Y: "density", Lines: []figure.Line{
		{Name: "histogram of f(z)", XY: histogram},
		{Name: "change of variables", XY: exact},
	}}
}

// RunningMean returns the mean of the first n values, with a band of two standard errors,
// against n from 10 on, at points spaced evenly on a logarithmic axis.
func RunningMean(name string, values []float64) figure.Line {
	line := figure.Line{Name: name}
	sum, squares, next := 0.0, 0.0, 10.0
	for i, v := range values {
		sum, squares = sum+v, squares+v*v
		if n := float64(i + 1); n >= next || i == len(values)-1 && n >= 10 {
			mean := sum / n
			se := math.Sqrt(max(0, squares/n-mean*mean) / (n - 1))
			line.XY = append(line.XY, []float64{n, mean})
			line.Low, line.High = append(line.Low, mean-2*se), append(line.High, mean+2*se)
			next = n * 1.05
		}
	}
	return line
}

// Uniform draws n points of the uniform distribution over a box.
func Uniform(seed int64, box [][2]float64, n int) [][]float64 {
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	x := make([][]float64, n)
	for i := range x {
		for _, side := range box {
			x[i] = append(x[i], side[0]+(side[1]-side[0])*rng.Float64())
		}
	}
	return x
}
