package figure

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg/draw"
)

// GridPanel is a grid, straight or bent by a map, as polylines.
type GridPanel struct {
	Name       string
	Horizontal [][][]float64 // lines that were horizontal before the map, each [points, 2]
	Vertical   [][][]float64 // lines that were vertical before the map, each [points, 2]
}

// WarpedGrid draws grids side by side with the same limits, one unit of x as long as one
// of y: a regular grid in z, and its image in x.
func WarpedGrid(info Info, panels ...GridPanel) (SVG, error) {
	if err := info.check("WarpedGrid", len(panels)); err != nil {
		return nil, err
	}
	var all [][][]float64
	for i, panel := range panels {
		where := "WarpedGrid: " + place("panel", i, panel.Name)
		if err := checkNotEmpty(where, "lines", len(panel.Horizontal)+len(panel.Vertical)); err != nil {
			return nil, err
		}
		for j, line := range slices.Concat(panel.Horizontal, panel.Vertical) {
			family := "horizontal"
			if j >= len(panel.Horizontal) {
				family, j = "vertical", j-len(panel.Horizontal)
			}
			if err := checkPoints(fmt.Sprintf("%s, %s line %d", where, family, j), line); err != nil {
				return nil, err
			}
			all = append(all, line)
		}
	}
	view := limits(all...).square()
	s := sheet{info: info, most: 3, gap: 26, aspect: view.aspect(), legend: []entry{
		{"horizontal in z", seriesColor(0), swatchLine}, {"vertical in z", seriesColor(1), swatchLine},
	}}
	if info.Half {
		s.most = 2
	}
	for _, panel := range panels {
		p := newPlot("", "")
		p.Add(frame{}, name{text: panel.Name},
			lines{panel.Horizontal, draw.LineStyle{Color: seriesColor(0), Width: 1.1}},
			lines{panel.Vertical, draw.LineStyle{Color: seriesColor(1), Width: 1.1}})
		setRange(p, view)
		s.panels = append(s.panels, p)
	}
	s.share()
	return s.render()
}
