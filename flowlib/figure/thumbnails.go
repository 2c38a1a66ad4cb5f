package figure

import (
	"fmt"
	"math"
	"slices"
)

// Thumbnails draws small heat maps of unrelated densities in rows of three, each with its
// own color scale from 0 to the 99.9 % quantile of its cells, and without axes: they show
// shapes, not values; for those see [Density]. The windows may differ in place and size,
// but not in shape.
func Thumbnails(info Info, panels ...DensityPanel) (SVG, error) {
	if err := info.check("Thumbnails", len(panels)); err != nil {
		return nil, err
	}
	s := sheet{info: info, most: 3, gap: 14, aspect: panels[0].window().aspect()}
	for i, panel := range panels {
		where := "Thumbnails: " + place("panel", i, panel.Name)
		if err := panel.check(where); err != nil {
			return nil, err
		}
		if shape := panel.window().aspect(); math.Abs(shape/s.aspect-1) > 1e-6 {
			return nil, fmt.Errorf("figure: %s: the window's height over width is %.4g, that of the first panel %.4g", where, shape, s.aspect)
		}
		cells := slices.Sorted(slices.Values(slices.Concat(panel.Values...)))
		top := quantile(cells, 0.999)
		if top == 0 {
			top = cells[len(cells)-1]
		}
		if top == 0 {
			return nil, fmt.Errorf("figure: %s: the density is 0 everywhere; is it a log-density, or a grid beside the data?", where)
		}
		p := newPlot("", "")
		p.HideAxes()
		p.Add(heat{panel, top, len(panel.Values[0])}, name{text: panel.Name})
		if len(panel.Overlay) > 0 {
			d := dotDiameter(len(panel.Overlay), s.panelWidth(len(panels)))
			p.Add(dots{panel.Overlay, ink, d + 1}, dots{panel.Overlay, paper, d})
		}
		setRange(p, panel.window())
		s.panels = append(s.panels, p)
	}
	return s.render()
}
