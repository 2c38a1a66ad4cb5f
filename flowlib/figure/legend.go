package figure

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// entry is one item of the legend above the panels.
type entry struct {
	text  string
	color color.NRGBA
	kind  swatch
}

type swatch int

const (
	swatchDot swatch = iota
	swatchRing
	swatchLine
	swatchThin
	swatchDash
	swatchBlock
)

// legend holds entries broken into lines.
type legend struct {
	lines [][]entry
	style draw.TextStyle
}

const (
	swatchWidth  = 20
	legendGap    = 14
	legendHeight = 19
)

func newLegend(entries []entry, width vg.Length) legend {
	l := legend{style: textStyle(labelSize, false, ink)}
	var used vg.Length
	for _, e := range entries {
		w := l.width(e)
		if len(l.lines) == 0 || used+legendGap+w > width {
			l.lines = append(l.lines, nil)
			used = -legendGap
		}
		last := len(l.lines) - 1
		l.lines[last] = append(l.lines[last], e)
		used += legendGap + w
	}
	return l
}

// width allows for fallback fonts, some of which are an eighth wider.
func (l legend) width(e entry) vg.Length { return swatchWidth + 5 + 1.1*l.style.Width(e.text) }

func (l legend) height() vg.Length {
	if len(l.lines) == 0 {
		return 0
	}
	return vg.Length(len(l.lines))*legendHeight + 3
}

// draw writes the entries centered below y.
func (l legend) draw(c draw.Canvas, y vg.Length) {
	for _, line := range l.lines {
		total := vg.Length(-legendGap)
		for _, e := range line {
			total += legendGap + l.width(e)
		}
		x := c.Center().X - total/2
		middle := y - legendHeight/2
		for _, e := range line {
			l.swatch(c, e, x, middle)
			c.FillText(l.style, vg.Point{X: x + swatchWidth + 5, Y: middle - 0.45*labelSize}, e.text)
			x += l.width(e) + legendGap
		}
		y -= legendHeight
	}
}

func (l legend) swatch(c draw.Canvas, e entry, x, y vg.Length) {
	middle := vg.Point{X: x + swatchWidth/2, Y: y}
	line := draw.LineStyle{Color: e.color, Width: 2}
	switch e.kind {
	case swatchDot:
		middle.X = x + swatchWidth - 6
		drawDots(c, e.color, 7, []vg.Point{middle})
	case swatchRing:
		middle.X = x + swatchWidth - 6
		drawRing(c, e.color, 3, middle)
	case swatchLine:
		c.StrokeLine2(line, x, y, x+swatchWidth, y)
	case swatchThin:
		line.Width = 1
		c.StrokeLine2(line, x, y, x+swatchWidth, y)
	case swatchDash:
		line.Width, line.Dashes = 1.4, dashes
		c.StrokeLine2(line, x, y, x+swatchWidth, y)
	case swatchBlock:
		c.SetColor(e.color)
		c.Fill(vg.Rectangle{Min: vg.Point{X: x + 4, Y: y - 5}, Max: vg.Point{X: x + swatchWidth, Y: y + 5}}.Path())
	}
}
