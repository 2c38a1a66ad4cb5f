// Command columns draws the pictures of docs/tables.md: a column before and after the map
// chosen for it, one picture for each kind of column, and a number before and after it is
// centred by a category.
//
//	go run ./scripts/columns -o docs/figures
package main

import (
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"normflow/flowlib/columns"
	"normflow/flowlib/figure"
	"normflow/internal/whole"
)

const (
	rows = 3000
	bins = 40
)

// example is a column to draw.
type example struct {
	kind columns.Kind // names the picture, and must be what is chosen
	name string
	step float64
	draw func(r *rand.Rand) float64
	says string // what the picture shows
}

var examples = []example{
	{columns.Positive, "income", 0, func(r *rand.Rand) float64 { return 30 * math.Exp(r.NormFloat64()) },
		"a column that begins at 0 and has a long tail, and its logarithm, which is a normal"},
	{columns.Bounded, "humidity", 1, func(r *rand.Rand) float64 { return math.Round(100 * math.Sqrt(r.Float64())) },
		"whole per cents that end steeply at 100, and their image, which has no edge"},
	{columns.Tails, "return", 0, func(r *rand.Rand) float64 { return 0.01 * r.NormFloat64() / math.Abs(r.NormFloat64()) },
		"a column with rows far out on both sides, which leave a normal no height, and its image, which is a normal"},
	{columns.Periodic, "wind_direction", 1, func(r *rand.Rand) float64 {
		return math.Mod(math.Floor(360+10+40*r.NormFloat64()), 360)
	}, "directions around north, which lie at both ends of the column, and their image, which is one hill"},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("columns: ")
	out := flag.String("o", "docs/figures", "the folder of the pictures")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: columns [-o FOLDER]")
		os.Exit(2)
	}
	for _, e := range examples {
		svg, choice, err := e.picture()
		file := filepath.Join(*out, "column-"+string(e.kind)+".svg")
		if err == nil {
			err = whole.WriteFile(file, svg)
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", file, choice.Why)
	}
	svg, err := category()
	if err == nil {
		err = whole.WriteFile(filepath.Join(*out, "column-category.svg"), svg)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// picture draws the column before and after the map chosen for it.
func (e example) picture() (figure.SVG, columns.Choice, error) {
	r := rand.New(rand.NewPCG(8, 1))
	values := make([]float64, rows)
	for i := range values {
		values[i] = e.draw(r)
	}
	choice, err := columns.Choose(e.name, values, e.step, "")
	if err != nil {
		return nil, choice, err
	}
	image := make([]float64, rows)
	for i := range values {
		values[i] += e.step * (r.Float64() - 0.5)
		image[i], _ = choice.Column.Forward(values[i])
	}
	svg, err := figure.Lines(figure.Info{
		Title:       "A " + string(e.kind) + " column before and after its map",
		Description: "Two histograms, each with the normal of the same mean and standard deviation: " + e.says + ".",
	}, chart(e.name+", as it is", values), chart(e.name+", mapped", image))
	return svg, choice, err
}

// chart draws the histogram of values, without the outermost 1 %, and the normal with
// their mean and standard deviation.
func chart(name string, values []float64) figure.Chart {
	sorted := slices.Sorted(slices.Values(values))
	low, high := sorted[len(sorted)/200], sorted[len(sorted)-1-len(sorted)/200]
	width := (high - low) / bins
	heights := make([]float64, bins)
	mean, square := 0.0, 0.0
	for _, v := range values {
		mean += v / rows
		if v >= low && v < high {
			heights[int((v-low)/width)%bins] += 1 / (rows * width)
		}
	}
	for _, v := range values {
		square += (v - mean) * (v - mean) / rows
	}
	histogram := figure.Line{Name: "rows"}
	add := func(x, height float64) {
		histogram.XY = append(histogram.XY, []float64{x, height})
		histogram.Low, histogram.High = append(histogram.Low, 0), append(histogram.High, height)
	}
	for k, height := range heights {
		add(low+width*float64(k), height)
		add(low+width*float64(k+1), height)
	}
	normal := figure.Line{Name: "normal of their mean and deviation"}
	for k := range 161 {
		x := low + (high-low)*float64(k)/160
		normal.XY = append(normal.XY, []float64{x, math.Exp(-(x-mean)*(x-mean)/(2*square)) / math.Sqrt(2*math.Pi*square)})
	}
	return figure.Chart{Name: name, Y: "density", Lines: []figure.Line{histogram, normal}}
}
