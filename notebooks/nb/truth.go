package nb

import (
	"fmt"
	"math/rand/v2"

	"github.com/janpfeifer/must"

	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/figure"
)

const gridCells = 200 // of a density picture, in each direction

// DensityPanel returns the panel of a density over a window.
func DensityPanel(of density.Scorer, box [][2]float64, name string, overlay [][]float64) figure.DensityPanel {
	g := must.M1(density.NewGrid(of, box, gridCells))
	return figure.DensityPanel{
		Name: name, Values: g.Values, Overlay: overlay,
		XMin: g.XMin, XMax: g.XMax, YMin: g.YMin, YMax: g.YMax,
	}
}

// TrueDensity returns the panel of the exact density over its window.
func TrueDensity(d *dataset.Density, name string, overlay [][]float64) figure.DensityPanel {
	return DensityPanel(d, d.Box, name, overlay)
}

// Gallery returns panels of the exact densities over square windows, with their names and
// entropies.
func Gallery(densities []*dataset.Density) (panels []figure.DensityPanel) {
	for _, d := range densities {
		square := *d
		square.Box = d.Square()
		panels = append(panels, TrueDensity(&square, fmt.Sprintf("%s, H = %.3f", d.Name, d.Entropy), nil))
	}
	return panels
}

// Latents draws n points of the base distribution, the unit Gaussian in two dimensions.
func Latents(seed int64, n int) [][]float64 {
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	z := make([][]float64, n)
	for i := range z {
		z[i] = []float64{rng.NormFloat64(), rng.NormFloat64()}
	}
	return z
}
