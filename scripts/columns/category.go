package main

import (
	"math/rand/v2"

	"normflow/flowlib/categories"
	"normflow/flowlib/figure"
)

// category draws a number beside a category before and after it is centred.
func category() (figure.SVG, error) {
	r := rand.New(rand.NewPCG(8, 2))
	levels := []string{"ash", "beech", "oak"}
	mean, std := []float64{10, 14, 24}, []float64{1, 2, 3}
	codes, values, y := make([][]int, rows), make([]float64, rows), make([][]float64, rows)
	for i := range codes {
		k := min(2, int(4*r.Float64()))
		codes[i], values[i] = []int{k}, mean[k]+std[k]*r.NormFloat64()
		y[i] = []float64{values[i]}
	}
	d, _, _ := categories.Fit([]int{0}, [][]string{levels}, codes)
	d.Center(codes, y)
	image := make([]float64, rows)
	for i, row := range y {
		d.Apply(row, codes[i])
		image[i] = row[0]
	}
	return figure.Lines(figure.Info{
		Title:       "A number beside a category before and after it is centred",
		Description: "Two histograms, each with the normal of the same mean and standard deviation: heights of trees, a hill for each species, and the same less the mean of the species and in units of its spread, which are a normal.",
	}, chart("height, as it is", values), chart("height, centred by species", image))
}
