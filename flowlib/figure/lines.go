package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Line is a line and, if Low and High are given, a band around it.
type Line struct {
	Name      string
	XY        [][]float64 // [N, 2], in the order in which they are joined
	Low, High []float64   // [N], the edges of the band at XY's x; both or neither
	Dots      bool        // draws points instead of a line
}

// Chart is one panel of [Lines].
type Chart struct {
	Name, X, Y string // of the panel and of its axes
	Lines      []Line
	Limit      *Mark // a horizontal reference; may be nil
	LogX, LogY bool  // draws the positive x, or y, on a logarithmic axis
}

// Lines draws plain lines, in panels side by side.
func Lines(info Info, charts ...Chart) (SVG, error) {
	if err := info.check("Lines", len(charts)); err != nil {
		return nil, err
	}
	s := sheet{info: info, most: 2, gap: 22, aspect: 0.62}
	if len(charts) == 1 {
		s.aspect = 0.42
	}
	if info.Half {
		s.most, s.aspect = 1, 0.62
	}
	colors := map[string]color.NRGBA{} // by name, so that one legend serves all charts
	for i, chart := range charts {
		if err := chart.check("Lines: " + place("chart", i, chart.Name)); err != nil {
			return nil, err
		}
		p := newPlot(chart.X, chart.Y)
		if chart.LogX {
			p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, fitting{logTicks{}, 0.85 * s.panelWidth(len(charts))}
		}
		if chart.LogY {
			p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
		}
		p.Add(name{text: chart.Name}, gridLines{horizontal: true})
		for _, line := range chart.Lines {
			if _, seen := colors[line.Name]; !seen {
				colors[line.Name] = seriesColor(len(colors))
				if line.Name != "" {
					kind := swatchLine
					if line.Dots {
						kind = swatchDot
					}
					s.legend = append(s.legend, entry{line.Name, colors[line.Name], kind})
				}
			}
			if line.Low != nil {
				p.Add(ribbon{line, fade(colors[line.Name], 0.22)})
			}
		}
		for _, line := range chart.Lines {
			if line.Dots {
				p.Add(dots{line.XY, colors[line.Name], 6})
				continue
			}
			p.Add(lines{[][][]float64{line.XY}, draw.LineStyle{Color: colors[line.Name], Width: 1.8}})
		}
		if chart.Limit != nil {
			p.Add(reference{mark: *chart.Limit, label: fmt.Sprintf("%s = %s", chart.Limit.Name, decimal(chart.Limit.Value, 3)), color: ink})
		}
		setRange(p, chart.view())
		s.panels = append(s.panels, p)
	}
	return s.render()
}

func (c Chart) check(where string) error {
	if err := checkNotEmpty(where, "lines", len(c.Lines)); err != nil {
		return err
	}
	for j, line := range c.Lines {
		where := where + ", " + place("line", j, line.Name)
		if err := checkPoints(where, line.XY); err != nil {
			return err
		}
		for i, row := range line.XY {
			if c.LogX && row[0] <= 0 {
				return fmt.Errorf("figure: %s: row %d has x = %v, expected more than 0 on a logarithmic axis", where, i, row[0])
			}
			if c.LogY && row[1] <= 0 {
				return fmt.Errorf("figure: %s: row %d has y = %v, expected more than 0 on a logarithmic axis", where, i, row[1])
			}
		}
		if line.Low == nil && line.High == nil {
			continue
		}
		if c.LogY {
			return fmt.Errorf("figure: %s: a band, which a logarithmic y axis does not have", where)
		}
		if len(line.Low) != len(line.XY) || len(line.High) != len(line.XY) {
			return fmt.Errorf("figure: %s: %d points, but bands of %d and %d values", where, len(line.XY), len(line.Low), len(line.High))
		}
		if err := checkValues(where+", band", slices.Concat(line.Low, line.High)); err != nil {
			return err
		}
	}
	if c.LogY && c.Limit != nil && !(c.Limit.Value > 0) {
		return fmt.Errorf("figure: %s: mark %q is at %v, expected more than 0 on a logarithmic axis", where, c.Limit.Name, c.Limit.Value)
	}
	return checkMark(where, c.Limit)
}

// view returns the limits of the axes: all of the lines, and the bands up to twice the
// height of the lines.
func (c Chart) view() box {
	b := box{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, line := range c.Lines {
		for _, row := range line.XY {
			b.xmin, b.xmax = min(b.xmin, row[0]), max(b.xmax, row[0])
			b.ymin, b.ymax = min(b.ymin, row[1]), max(b.ymax, row[1])
		}
	}
	if c.Limit != nil {
		b.ymin, b.ymax = min(b.ymin, c.Limit.Value), max(b.ymax, c.Limit.Value)
	}
	if b.xmin == b.xmax {
		if c.LogX {
			b.xmin, b.xmax = b.xmin/2, 2*b.xmax
		} else {
			b.xmin, b.xmax = pad(b.xmin, b.xmax, 0)
		}
	}
	if c.LogY {
		low, high := pad(math.Log(b.ymin), math.Log(b.ymax), 0.06)
		b.ymin, b.ymax = math.Exp(low), math.Exp(high)
		return b
	}
	floor, ceiling := pad(b.ymin, b.ymax, 0.5)
	for _, line := range c.Lines {
		for i := range line.Low {
			b.ymin, b.ymax = min(b.ymin, max(floor, line.Low[i])), max(b.ymax, min(ceiling, line.High[i]))
		}
	}
	zero := b.ymin >= 0 && b.ymin < 0.02*b.ymax // a density starts at its axis
	b.ymin, b.ymax = pad(b.ymin, b.ymax, 0.06)
	if zero {
		b.ymin = 0
	}
	return b
}

// ribbon is a plotter: the band around a line, cut off at the frame.
type ribbon struct {
	line  Line
	color color.NRGBA
}

// Plot implements [plot.Plotter].
func (r ribbon) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var outline []vg.Point
	for i, row := range r.line.XY {
		outline = append(outline, vg.Point{X: x(row[0]), Y: y(r.line.High[i])})
	}
	for i, row := range slices.Backward(r.line.XY) {
		outline = append(outline, vg.Point{X: x(row[0]), Y: y(r.line.Low[i])})
	}
	c.FillPolygon(r.color, c.ClipPolygonXY(outline))
}
