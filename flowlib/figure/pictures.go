package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// PicturePanel holds small gray pictures in rows and columns.
type PicturePanel struct {
	Name    string
	Columns int // pictures in a row, at least 1

	// Pictures[k][j][i] is in [0, 1] for the pixel in row j, from the top, and column i of
	// picture k: 0 is paper, 1 is ink.
	Pictures [][][]float64
	Heat     bool     // shows the values in color, for pictures of something else than ink
	Below    []string // a few letters below each picture; nil for none
}

// Pictures draws panels side by side, at most that many in a row, with all pixels of a
// picture as squares. The pictures of a panel fill its width.
func Pictures(info Info, most int, panels ...PicturePanel) (SVG, error) {
	if err := info.check("Pictures", len(panels)); err != nil {
		return nil, err
	}
	s := sheet{info: info, most: most, gap: 16}
	heights := make([]float64, len(panels)) // of a picture with its text and gap, in its width
	for i, p := range panels {
		if err := p.check("Pictures: " + place("panel", i, p.Name)); err != nil {
			return nil, err
		}
		heights[i] = float64(len(p.Pictures[0]))/float64(len(p.Pictures[0][0])) + pictureGap
		if p.Below != nil {
			heights[i] += belowSize * 1.5 * float64(p.Columns) / s.panelWidth(min(len(panels), most))
		}
		s.aspect = max(s.aspect, heights[i]*float64((len(p.Pictures)+p.Columns-1)/p.Columns)/p.width())
	}
	for i, p := range panels {
		axes := newPlot("", "")
		axes.HideAxes()
		axes.Add(pictures{p, heights[i]}, name{text: p.Name})
		setRange(axes, box{0, p.width(), 0, p.width() * s.aspect})
		s.panels = append(s.panels, axes)
	}
	return s.render()
}

const (
	pictureGap = 0.08 // between pictures, in the width of one
	belowSize  = 11.5
)

// width is that of a panel, in the width of a picture.
func (p PicturePanel) width() float64 { return float64(p.Columns) * (1 + pictureGap) }

func (p PicturePanel) check(where string) error {
	if err := checkNotEmpty(where, "pictures", len(p.Pictures)); err != nil {
		return err
	}
	if p.Columns < 1 || p.Below != nil && len(p.Below) != len(p.Pictures) {
		return fmt.Errorf("figure: %s: %d columns and %d texts for %d pictures", where, p.Columns, len(p.Below), len(p.Pictures))
	}
	for k, picture := range p.Pictures {
		if len(picture) == 0 || len(picture) != len(p.Pictures[0]) {
			return fmt.Errorf("figure: %s: picture %d has %d rows, the first has %d", where, k, len(picture), len(p.Pictures[0]))
		}
		for j, row := range picture {
			if len(row) == 0 || len(row) != len(p.Pictures[0][0]) {
				return fmt.Errorf("figure: %s: row %d of picture %d has %d pixels, expected %d", where, j, k, len(row), len(p.Pictures[0][0]))
			}
			for i, v := range row {
				if !(v >= 0 && v <= 1) {
					return fmt.Errorf("figure: %s: pixel [%d][%d] of picture %d is %v, expected 0 to 1", where, j, i, k, v)
				}
			}
		}
	}
	return nil
}

// pictures is a plotter. height is that of a picture with its text and gap.
type pictures struct {
	panel  PicturePanel
	height float64
}

// Plot implements [plot.Plotter].
func (p pictures) Plot(c draw.Canvas, axes *plot.Plot) {
	x, y := axes.Transforms(&c)
	sty := textStyle(belowSize, false, muted)
	sty.XAlign = draw.XCenter
	edge := draw.LineStyle{Color: quiet, Width: 0.8}
	for k, picture := range p.panel.Pictures {
		left, top := float64(k%p.panel.Columns)*(1+pictureGap), axes.Y.Max-float64(k/p.panel.Columns)*p.height
		high := float64(len(picture)) / float64(len(picture[0]))
		at := vg.Rectangle{Min: vg.Point{X: x(left), Y: y(top - high)}, Max: vg.Point{X: x(left + 1), Y: y(top)}}
		c.DrawImage(at, p.panel.raster(picture))
		c.StrokeLines(edge, []vg.Point{at.Min, {X: at.Max.X, Y: at.Min.Y}, at.Max, {X: at.Min.X, Y: at.Max.Y}, at.Min})
		if p.panel.Below != nil {
			c.FillText(sty, vg.Point{X: (at.Min.X + at.Max.X) / 2, Y: at.Min.Y - belowSize}, p.panel.Below[k])
		}
	}
}

// raster has several dots for each pixel: viewers blur the few pixels of a small image.
func (p PicturePanel) raster(picture [][]float64) image.Image {
	const levels = 64
	palette := make(color.Palette, levels)
	for i := range palette {
		v := float64(i) / (levels - 1)
		palette[i] = fade(ink, v)
		if p.Heat {
			palette[i] = sequential(v)
		}
	}
	height, width := len(picture), len(picture[0])
	dots := max(1, 96/max(height, width))
	img := image.NewPaletted(image.Rect(0, 0, width*dots, height*dots), palette)
	for v := range height * dots {
		for u := range width * dots {
			img.SetColorIndex(u, v, uint8(math.Round((levels-1)*picture[v/dots][u/dots])))
		}
	}
	return img
}
