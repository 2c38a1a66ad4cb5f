package figure

import (
	"fmt"
	"image"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// DensityPanel is a density on a grid of equal cells, with points on top.
type DensityPanel struct {
	Name string

	// Values[j][i] is the density, per unit area and not negative, at the center of the
	// cell in row j (upwards from YMin) and column i (to the right from XMin).
	Values                 [][]float64 // [ny][nx]
	XMin, XMax, YMin, YMax float64     // the outer edges of the grid

	Overlay [][]float64 // [N, 2], may be nil; a few hundred points
}

// pointsAlone reports whether the panel has no density, only points in the window.
func (d DensityPanel) pointsAlone() bool { return d.Values == nil && d.Overlay != nil }

// Density draws heat maps side by side, with one color scale from 0 to the 99.9 %
// quantile of the cells of all panels; larger values have the last color. A panel with an
// Overlay but without Values shows the points alone. All panels must have the same window.
func Density(info Info, panels ...DensityPanel) (SVG, error) {
	if err := info.check("Density", len(panels)); err != nil {
		return nil, err
	}
	var all []float64
	for i, panel := range panels {
		check := panel.check
		if panel.pointsAlone() {
			check = panel.checkWindow
		}
		if err := check("Density: " + place("panel", i, panel.Name)); err != nil {
			return nil, err
		}
		if first := panels[0]; panel.window() != first.window() {
			return nil, fmt.Errorf("figure: Density: %s has the window %v, the first panel %v: draw two figures", place("panel", i, panel.Name), panel.window(), first.window())
		}
		for _, row := range panel.Values {
			all = append(all, row...)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("figure: Density: no panel has a density: draw points with Scatter")
	}
	slices.Sort(all)
	top, largest := quantile(all, 0.999), all[len(all)-1]
	if largest < 1.1*top || top == 0 {
		top = largest
	}
	if top == 0 {
		return nil, fmt.Errorf("figure: Density: the density is 0 everywhere; is it a log-density, or a grid beside the data?")
	}
	view := panels[0].window()
	s := sheet{info: info, most: 3, gap: 16, right: 70, aspect: view.aspect()}
	if info.Half && len(panels) != 3 {
		s.most = 2
	}
	for _, panel := range panels {
		p := newPlot("", "")
		if !panel.pointsAlone() {
			p.Add(heat{panel, top, 1200 / min(len(panels), 3)})
		}
		p.Add(frame{}, name{text: panel.Name})
		if len(panel.Overlay) > 0 {
			inside := slices.DeleteFunc(slices.Clone(panel.Overlay), func(row []float64) bool {
				return row[0] < view.xmin || row[0] > view.xmax || row[1] < view.ymin || row[1] > view.ymax
			})
			d := dotDiameter(len(inside), s.panelWidth(len(panels)))
			if panel.pointsAlone() {
				p.Add(dots{inside, seriesColor(0), d})
			} else {
				p.Add(dots{inside, ink, d + 1}, dots{inside, paper, d})
			}
		}
		setRange(p, view)
		s.panels = append(s.panels, p)
	}
	s.share()
	s.decorate = func(c draw.Canvas, areas []vg.Rectangle) { drawColorBar(c, areas, top, largest > top) }
	return s.render()
}

func (d DensityPanel) window() box { return box{d.XMin, d.XMax, d.YMin, d.YMax} }

func (d DensityPanel) check(where string) error {
	if err := checkNotEmpty(where, "grid", len(d.Values)); err != nil {
		return err
	}
	for j, row := range d.Values {
		if len(row) == 0 || len(row) != len(d.Values[0]) {
			return fmt.Errorf("figure: %s: row %d of the grid has %d values, row 0 has %d", where, j, len(row), len(d.Values[0]))
		}
		for i, v := range row {
			if !finite(v) || v < 0 {
				return fmt.Errorf("figure: %s: value [%d][%d] is %v, expected a finite density of at least 0", where, j, i, v)
			}
		}
	}
	return d.checkWindow(where)
}

// checkWindow checks all but the grid.
func (d DensityPanel) checkWindow(where string) error {
	for _, v := range []float64{d.XMin, d.XMax, d.YMin, d.YMax} {
		if !finite(v) {
			return fmt.Errorf("figure: %s: an edge of the grid is %v, expected a finite number", where, v)
		}
	}
	if d.XMax <= d.XMin || d.YMax <= d.YMin {
		return fmt.Errorf("figure: %s: the grid from (%v, %v) to (%v, %v) has no area", where, d.XMin, d.YMin, d.XMax, d.YMax)
	}
	if d.Overlay != nil {
		return checkPoints(where+", overlay", d.Overlay)
	}
	return nil
}

// heat is a plotter: the grid as an image. PDF viewers show the pixels of a coarse image
// as squares, so the grid is interpolated to about as many pixels as the picture is wide.
type heat struct {
	panel  DensityPanel
	top    float64
	pixels int
}

// Plot implements [plot.Plotter].
func (h heat) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	values := h.panel.Values
	ny, nx := len(values), len(values[0])
	factor := max(1, int(math.Round(float64(h.pixels)/float64(nx))))
	img := image.NewPaletted(image.Rect(0, 0, nx*factor, ny*factor), sequentialPalette())
	for v := range ny * factor {
		j, tj := between(v, factor, ny)
		for u := range nx * factor {
			i, ti := between(u, factor, nx)
			low := values[j][i] + ti*(values[j][min(i+1, nx-1)]-values[j][i])
			high := values[min(j+1, ny-1)][i] + ti*(values[min(j+1, ny-1)][min(i+1, nx-1)]-values[min(j+1, ny-1)][i])
			level := math.Round(255 * (low + tj*(high-low)) / h.top)
			img.SetColorIndex(u, ny*factor-1-v, uint8(math.Min(level, 255)))
		}
	}
	d := h.panel
	c.DrawImage(vg.Rectangle{Min: vg.Point{X: x(d.XMin), Y: y(d.YMin)}, Max: vg.Point{X: x(d.XMax), Y: y(d.YMax)}}, img)
}

// between returns the cell whose center is at or before the center of pixel u, and how
// far u is on the way to the next.
func between(u, factor, cells int) (int, float64) {
	at := (float64(u)+0.5)/float64(factor) - 0.5
	at = math.Min(math.Max(at, 0), float64(cells-1))
	i := int(at)
	return i, at - float64(i)
}

// drawColorBar draws the color scale to the right of the panels, as high as they are but
// no higher than the first row.
func drawColorBar(c draw.Canvas, areas []vg.Rectangle, top float64, above bool) {
	right := vg.Length(0)
	for _, area := range areas {
		right = max(right, area.Max.X)
	}
	bar := vg.Rectangle{
		Min: vg.Point{X: right + 12, Y: areas[0].Min.Y},
		Max: vg.Point{X: right + 23, Y: areas[0].Max.Y},
	}
	ramp := image.NewPaletted(image.Rect(0, 0, 1, 256), sequentialPalette())
	for i := range 256 {
		ramp.SetColorIndex(0, i, uint8(255-i))
	}
	c.DrawImage(bar, ramp)
	edge := draw.LineStyle{Color: rule, Width: 0.8}
	c.StrokeLines(edge, []vg.Point{bar.Min, {X: bar.Max.X, Y: bar.Min.Y}, bar.Max, {X: bar.Min.X, Y: bar.Max.Y}, bar.Min})
	sty := textStyle(tickSize, false, ink)
	widest := vg.Length(0)
	for _, t := range (ticks{most: 5}).Ticks(0, top) {
		y := bar.Min.Y + vg.Length(t.Value/top)*bar.Size().Y
		c.StrokeLine2(edge, bar.Max.X, y, bar.Max.X+3, y)
		c.FillText(sty, vg.Point{X: bar.Max.X + 6, Y: y - 0.45*tickSize}, t.Label)
		widest = max(widest, sty.Width(t.Label))
	}
	label := textStyle(labelSize, false, ink)
	label.XAlign, label.Rotation = draw.XCenter, math.Pi/2
	text := "density per unit area"
	if above {
		text += ", cut at the top"
	}
	if label.Width(text) > bar.Size().Y {
		text = "density"
	}
	c.FillText(label, vg.Point{X: bar.Max.X + 8 + 1.1*widest + labelSize + 3, Y: (bar.Min.Y + bar.Max.Y) / 2}, text)
}
