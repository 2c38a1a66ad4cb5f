package nb

import (
	"math"
	"testing"

	"normflow/flowlib/dataset"
	"normflow/flowlib/figure"
)

// The thumbnails hold all nine, each with nearly all of its mass in the window.
func TestGallery(t *testing.T) {
	panels := Gallery(dataset.Densities())
	if len(panels) != 9 || panels[2].Name != "checkerboard, H = 3.466" {
		t.Fatalf("%d panels, the third is %q", len(panels), panels[2].Name)
	}
	for _, p := range panels {
		sum := 0.0
		for _, row := range p.Values {
			for _, v := range row {
				sum += v
			}
		}
		cell := (p.XMax - p.XMin) * (p.YMax - p.YMin) / float64(len(p.Values)*len(p.Values[0]))
		// 200 × 200 midpoints: a hundredth leaves room for the edges of the
		// checkerboard, which fall between cells, and for thin arms.
		if !(math.Abs(sum*cell-1) <= 0.01) {
			t.Errorf("%s: a mass of %.4f lies in the window", p.Name, sum*cell)
		}
	}
	if _, err := figure.Thumbnails(Info("densities"), panels...); err != nil {
		t.Error(err)
	}
}
