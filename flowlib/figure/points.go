package figure

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// box is a rectangle in data units.
type box struct{ xmin, xmax, ymin, ymax float64 }

// limits returns the box that shows the points: 1.25 times the range of the central 99 %
// on each axis, but no more than the points need. Only stragglers of heavy tails lie
// outside; dots draws them on the frame.
func limits(points ...[][]float64) box {
	span := func(column int) (low, high float64) {
		var values []float64
		for _, rows := range points {
			for _, row := range rows {
				values = append(values, row[column])
			}
		}
		slices.Sort(values)
		low, high = quantile(values, 0.005), quantile(values, 0.995)
		room := 0.25 * (high - low)
		low = math.Max(low-room, values[0])
		high = math.Min(high+room, values[len(values)-1])
		return pad(low, high, 0.05)
	}
	var b box
	b.xmin, b.xmax = span(0)
	b.ymin, b.ymax = span(1)
	return b
}

// pad widens an interval by a fraction of its width on both sides; an interval of zero
// width becomes wide enough to draw.
func pad(low, high, fraction float64) (float64, float64) {
	room := fraction * (high - low)
	if high-low <= 1e-12*math.Max(math.Abs(low), math.Abs(high)) {
		room = math.Max(0.5, 0.1*math.Abs(high))
	}
	return low - room, high + room
}

// quantile returns the q-quantile of sorted values, interpolated.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// aspect returns height / width of a panel in which one unit of x is as long as one of y.
func (b box) aspect() float64 { return (b.ymax - b.ymin) / (b.xmax - b.xmin) }

// square returns the box enlarged to a height between 0.5 and 1.25 times its width, so
// that no panel becomes too thin.
func (b box) square() box {
	w, h := b.xmax-b.xmin, b.ymax-b.ymin
	if grow := 0.5*w - h; grow > 0 {
		b.ymin, b.ymax = b.ymin-grow/2, b.ymax+grow/2
	}
	if grow := h/1.25 - w; grow > 0 {
		b.xmin, b.xmax = b.xmin-grow/2, b.xmax+grow/2
	}
	return b
}

// dots is a plotter: points of one color.
type dots struct {
	points   [][]float64
	color    color.Color
	diameter vg.Length
}

// Plot implements [plot.Plotter].
func (d dots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := make([]vg.Point, len(d.points))
	for i, row := range d.points {
		at[i] = vg.Point{
			X: min(max(x(row[0]), c.Min.X), c.Max.X),
			Y: min(max(y(row[1]), c.Min.Y), c.Max.Y),
		}
	}
	drawDots(c, d.color, d.diameter, at)
}

// dotDiameter decreases with the number of points on a panel of the given width.
func dotDiameter(points int, panelWidth float64) vg.Length {
	d := 0.45 * panelWidth / math.Sqrt(float64(points)+40)
	return vg.Length(math.Min(math.Max(d, 1.6), 3.4))
}

// lines is a plotter: polylines in one style, cut off at the frame.
type lines struct {
	lines [][][]float64
	style draw.LineStyle
}

// Plot implements [plot.Plotter].
func (l lines) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var path vg.Path
	for _, line := range l.lines {
		at := make([]vg.Point, len(line))
		for i, row := range line {
			at[i] = vg.Point{X: x(row[0]), Y: y(row[1])}
		}
		for _, part := range c.ClipLinesXY(at) {
			for i, pt := range part {
				if i == 0 {
					path.Move(pt)
				} else {
					path.Line(pt)
				}
			}
		}
	}
	c.SetLineStyle(l.style)
	c.Stroke(path)
}

// reference is a plotter: a dashed line at a value, with its name beside it.
type reference struct {
	mark     Mark
	label    string
	vertical bool
	right    bool // the label is to the right of a vertical line
	color    color.NRGBA
}

// Plot implements [plot.Plotter].
func (r reference) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	line := draw.LineStyle{Color: r.color, Width: 1.4, Dashes: dashes}
	sty := textStyle(tickSize, false, r.color)
	sty.YAlign = draw.YBottom
	if r.vertical {
		at := x(r.mark.Value)
		c.StrokeLine2(line, at, c.Min.Y, at, c.Max.Y)
		pt := vg.Point{X: at + 5, Y: c.Max.Y - 14}
		if !r.right {
			pt.X, sty.XAlign = at-5, draw.XRight
		}
		c.FillText(sty, pt, r.label)
		return
	}
	at := y(r.mark.Value)
	c.StrokeLine2(line, c.Min.X, at, c.Max.X, at)
	pt := vg.Point{X: c.Max.X - 5, Y: at + 3.5}
	sty.XAlign = draw.XRight
	c.SetColor(color.NRGBA{paper.R, paper.G, paper.B, 200}) // keeps the text readable over a noisy curve
	c.Fill(vg.Rectangle{Min: vg.Point{X: pt.X - 1.05*sty.Width(r.label) - 3, Y: pt.Y - 2}, Max: vg.Point{X: pt.X + 3, Y: pt.Y + tickSize}}.Path())
	c.FillText(sty, pt, r.label)
}

// drawDots draws all points as one path: each dot is a line of zero length with round
// ends, a tenth of the bytes of a circle. A single dot is a circle, because Typst does
// not draw a path without width and height.
func drawDots(c draw.Canvas, clr color.Color, diameter vg.Length, at []vg.Point) {
	if len(at) == 1 {
		c.SetColor(clr)
		c.Fill(circle(at[0], diameter/2))
		return
	}
	c.SetLineStyle(draw.LineStyle{Color: clr, Width: diameter})
	path := make(vg.Path, 0, 2*len(at))
	for _, pt := range at {
		path.Move(pt)
		path.Line(pt)
	}
	c.Stroke(path)
}

func drawRing(c draw.Canvas, clr color.Color, radius vg.Length, at vg.Point) {
	path := circle(at, radius)
	c.SetColor(paper)
	c.Fill(path)
	c.SetLineStyle(draw.LineStyle{Color: clr, Width: 1.1})
	c.Stroke(path)
}

func circle(middle vg.Point, radius vg.Length) (path vg.Path) {
	path.Move(middle.Add(vg.Point{X: radius}))
	path.Arc(middle, radius, 0, 2*math.Pi)
	path.Close()
	return path
}
