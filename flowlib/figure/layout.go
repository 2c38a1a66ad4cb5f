package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// sheet is the layout of a picture: panels of equal size in rows.
type sheet struct {
	info   Info
	panels []*plot.Plot
	most   int     // panels in a row at most
	aspect float64 // height over width of a panel's data area
	gap    vg.Length
	left   vg.Length // extra room at the left, for long tick labels in a wider fallback font
	right  vg.Length // room kept free at the right, for a color bar
	legend []entry

	// decorate, if not nil, draws on top; areas are the panels' data areas.
	decorate func(c draw.Canvas, areas []vg.Rectangle)
}

// columns returns the number of panels in a row: as few rows as possible, filled evenly.
func (s sheet) columns() int {
	rows := (len(s.panels) + s.most - 1) / s.most
	return (len(s.panels) + rows - 1) / rows
}

func (s sheet) width() vg.Length {
	if s.info.Half {
		return halfWidth
	}
	return fullWidth
}

// panelWidth returns the approximate width of each of the given number of panels.
func (s sheet) panelWidth(panels int) float64 {
	return float64(s.width()-s.right) / float64(min(panels, s.most))
}

func (s sheet) render() (SVG, error) {
	width := s.width()
	columns := s.columns()
	var rows [][]*plot.Plot
	for i := 0; i < len(s.panels); i += columns {
		row := make([]*plot.Plot, columns)
		copy(row, s.panels[i:])
		rows = append(rows, row)
	}
	legend := newLegend(s.legend, width-2*margin)
	tiles := draw.Tiles{
		Rows: len(rows), Cols: columns, PadX: s.gap, PadY: 12,
		PadTop: margin + legend.height(), PadBottom: margin, PadLeft: margin + s.left, PadRight: margin + s.right,
	}

	// Margins do not depend on the height, so a first attempt determines the right one.
	height := vg.Length(len(rows)) * 400
	trial := rows[0][0].DataCanvas(plot.Align(rows, tiles, draw.New(newCanvas(width, height)))[0][0]).Size()
	height += vg.Length(len(rows)) * (vg.Length(s.aspect)*trial.X - trial.Y)

	c := newCanvas(width, height)
	page := draw.New(c)
	var areas []vg.Rectangle
	for j, row := range plot.Align(rows, tiles, page) {
		for i, tile := range row {
			if p := rows[j][i]; p != nil {
				p.Draw(tile)
				areas = append(areas, p.DataCanvas(tile).Rectangle)
			}
		}
	}
	legend.draw(page, height-margin)
	if s.decorate != nil {
		s.decorate(page, areas)
	}
	return c.document(s.info)
}

// labelX writes one label of the x axis below all panels.
func (s *sheet) labelX(text string) {
	columns := s.columns()
	s.decorate = func(c draw.Canvas, areas []vg.Rectangle) {
		sty := textStyle(labelSize, false, ink)
		sty.XAlign = draw.XCenter
		c.FillText(sty, vg.Point{X: (areas[0].Min.X + areas[columns-1].Max.X) / 2, Y: margin}, text)
	}
}

// share leaves tick and axis labels only at the start of a row or column of panels with
// the same limits.
func (s sheet) share() {
	columns := s.columns()
	for i, p := range s.panels {
		most := ticks{most: 5}
		if columns > 3 {
			most.most = 4
		}
		p.Y.Tick.Marker = most
		most.room = s.panelWidth(columns) - float64(s.gap) - 40/float64(columns) // less the labels of the y axis
		p.X.Tick.Marker = most
		if i%columns != 0 {
			silence(&p.Y)
		}
		if i+columns < len(s.panels) {
			silence(&p.X)
		}
	}
}

func silence(axis *plot.Axis) {
	t := axis.Tick.Marker.(ticks)
	t.silent = true
	axis.Tick.Marker = t
	axis.Tick.Length = 0
	axis.Label.Text = ""
}

// name is a plotter: the panel's name above its data area, smaller if necessary.
type name struct {
	text string
	size vg.Length // 0 chooses
}

// nameSizeIn returns the size at which all texts fit the width.
func nameSizeIn(width vg.Length, texts ...string) vg.Length {
	size := vg.Length(nameSize)
	for _, text := range texts {
		for size > 9 && 1.1*textStyle(size, true, ink).Width(text) > width {
			size -= 0.5
		}
	}
	return size
}

// Plot implements [plot.Plotter].
func (n name) Plot(c draw.Canvas, _ *plot.Plot) {
	size := n.size
	if size == 0 {
		size = nameSizeIn(c.Max.X-c.Min.X, n.text)
	}
	sty := textStyle(size, true, ink)
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YBottom
	c.FillText(sty, vg.Point{X: c.Center().X, Y: c.Max.Y + 5}, n.text)
}

// GlyphBoxes implements [plot.GlyphBoxer]: it reserves the room.
func (n name) GlyphBoxes(*plot.Plot) []plot.GlyphBox {
	if n.text == "" {
		return nil
	}
	return []plot.GlyphBox{{X: 0.5, Y: 1, Rectangle: vg.Rectangle{Max: vg.Point{X: 1, Y: nameSize + 8}}}}
}

// frame is a plotter that closes the two axes to a rectangle.
type frame struct{}

// Plot implements [plot.Plotter].
func (frame) Plot(c draw.Canvas, p *plot.Plot) {
	c.StrokeLines(p.X.LineStyle, []vg.Point{{X: c.Min.X, Y: c.Max.Y}, c.Max, {X: c.Max.X, Y: c.Min.Y}})
}

// gridLines is a plotter: faint lines at the labeled ticks.
type gridLines struct{ vertical, horizontal bool }

// Plot implements [plot.Plotter].
func (g gridLines) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	sty := draw.LineStyle{Color: quiet, Width: 0.8}
	if g.horizontal {
		for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			if at := y(t.Value); at > c.Min.Y+1 {
				c.StrokeLine2(sty, c.Min.X, at, c.Max.X, at)
			}
		}
	}
	if g.vertical {
		for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if at := x(t.Value); at > c.Min.X+1 {
				c.StrokeLine2(sty, at, c.Min.Y, at, c.Max.Y)
			}
		}
	}
}
