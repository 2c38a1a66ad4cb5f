package figure

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Range is where a quantity usually lies.
type Range struct{ Low, Middle, High float64 }

// RangePanel is one panel of [Ranges]: one item, whose quantities are shown.
type RangePanel struct {
	Name   string
	Values []float64 // one for each row
}

// Ranges draws, for each row, a bar over its usual range with a line at the middle, and a
// dot for the value of each panel, in panels side by side with the same x axis. Rows are
// named at the left from top to bottom. usual and value are for the legend. The axis
// covers the ranges and twice as much room on both sides; values beyond are written at
// its end.
func Ranges(info Info, xLabel, usual, value string, rows []string, ranges []Range, panels ...RangePanel) (SVG, error) {
	if err := info.check("Ranges", len(panels)); err != nil {
		return nil, err
	}
	if err := checkRanges(rows, ranges); err != nil {
		return nil, err
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range ranges {
		low, high = min(low, r.Low), max(high, r.High)
	}
	least, most := math.Inf(1), math.Inf(-1) // of the values
	for i, panel := range panels {
		where := "Ranges: " + place("panel", i, panel.Name)
		if len(panel.Values) != len(rows) {
			return nil, fmt.Errorf("figure: %s: %d values, but %d rows", where, len(panel.Values), len(rows))
		}
		if err := checkValues(where, panel.Values); err != nil {
			return nil, err
		}
		least, most = min(least, slices.Min(panel.Values)), max(most, slices.Max(panel.Values))
	}
	if low == high {
		low, high = pad(low, high, 0)
	}
	room := 2 * (high - low)
	view := box{ymin: -0.6, ymax: float64(len(rows)) - 0.4}
	view.xmin, view.xmax = pad(max(low-room, min(low, least)), min(high+room, max(high, most)), 0.06)

	s := sheet{info: info, most: 3, gap: 14, legend: []entry{{value, seriesColor(1), swatchDot}, {usual, fade(seriesColor(0), 0.45), swatchBlock}}}
	if info.Half {
		s.most = 1
	}
	s.panels = make([]*plot.Plot, len(panels))
	columns := s.columns()
	for i, panel := range panels {
		p := newPlot(" ", "") // reserves room for the label, which decorate draws
		p.X.Tick.Marker, p.Y.Tick.Marker, p.Y.Tick.Length = ticks{most: 5}, rowNames(rows), 0
		if i%columns != 0 {
			p.Y.Tick.Marker = plot.ConstantTicks(nil)
		}
		for _, row := range rows {
			s.left = max(s.left, 0.1*p.Y.Tick.Label.Width(row))
		}
		p.Add(frame{}, name{text: panel.Name}, gridLines{vertical: true}, rangeBars{ranges, panel.Values})
		setRange(p, view)
		s.panels[i] = p
	}
	s.aspect = (17*float64(len(rows)) + 12) / (0.75 * float64(s.width()) / float64(columns))
	s.labelX(xLabel)
	return s.render()
}

func checkRanges(rows []string, ranges []Range) error {
	if err := checkNotEmpty("Ranges", "rows", len(rows)); err != nil {
		return err
	}
	if len(ranges) != len(rows) {
		return fmt.Errorf("figure: Ranges: %d ranges, but %d rows", len(ranges), len(rows))
	}
	for i, r := range ranges {
		where := "Ranges: " + place("row", i, rows[i])
		if err := checkValues(where, []float64{r.Low, r.Middle, r.High}); err != nil {
			return err
		}
		if !(r.Low <= r.Middle && r.Middle <= r.High) {
			return fmt.Errorf("figure: %s: low %v, middle %v and high %v are not in order", where, r.Low, r.Middle, r.High)
		}
	}
	return nil
}

// rangeBars is a plotter: the bars and dots of a panel.
type rangeBars struct {
	ranges []Range
	values []float64
}

// Plot implements [plot.Plotter].
func (b rangeBars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	half := 0.3 * (y(1) - y(0))
	for i, r := range b.ranges {
		at := y(float64(len(b.ranges) - 1 - i))
		c.SetColor(fade(seriesColor(0), 0.45))
		c.Fill(vg.Rectangle{Min: vg.Point{X: x(r.Low), Y: at - half}, Max: vg.Point{X: x(r.High), Y: at + half}}.Path())
		c.StrokeLine2(draw.LineStyle{Color: seriesColor(0), Width: 1.4}, x(r.Middle), at-half, x(r.Middle), at+half)
		b.drawValue(c, p, b.values[i], at)
	}
}

// drawValue draws the dot of a value at the height y; if it is outside the frame, it
// writes the number there.
func (b rangeBars) drawValue(c draw.Canvas, p *plot.Plot, value float64, y vg.Length) {
	const size = 7.5
	if p.X.Min <= value && value <= p.X.Max {
		x, _ := p.Transforms(&c)
		drawDots(c, seriesColor(1), size, []vg.Point{{X: x(value), Y: y}})
		return
	}
	sty, label := textStyle(tickSize, true, seriesColor(1)), vg.Point{X: c.Min.X + 4, Y: y - 0.45*tickSize}
	text := "← " + decimal(value, 0)
	if value > p.X.Max {
		sty.XAlign, label.X, text = draw.XRight, c.Max.X-4, decimal(value, 0)+" →"
	}
	c.FillText(sty, label, text)
}
