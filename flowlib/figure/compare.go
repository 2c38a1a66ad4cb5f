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

// ComparePanel is one panel of [Compare]: the measurements on one data set.
type ComparePanel struct {
	Name   string
	Values [][][]float64 // Values[i][j] holds one value per seed of row i and series j
}

// Compare draws a dot for each row and series, in panels side by side with the same x
// axis: the median of the seeds, over open dots for the seeds and a bar from the smallest
// to the largest. Rows are variants of a model, named at the left from top to bottom;
// series are its kinds, which have colors and are spread out within a row. A single value
// is drawn as a dot, without seeds. The x axis is logarithmic if all values are positive
// and span more than a factor of ten.
func Compare(info Info, xLabel string, rows, series []string, panels ...ComparePanel) (SVG, error) {
	if err := info.check("Compare", len(panels)); err != nil {
		return nil, err
	}
	var values []float64
	for i, panel := range panels {
		if err := panel.check("Compare: "+place("panel", i, panel.Name), rows, series); err != nil {
			return nil, err
		}
		values = append(values, slices.Concat(slices.Concat(panel.Values...)...)...)
	}
	low, high := slices.Min(values), slices.Max(values)
	logarithmic := low > 0 && high/low > 10
	view := box{ymin: -0.6, ymax: float64(len(rows)) - 0.4}
	if logarithmic {
		l, h := pad(math.Log(low), math.Log(high), 0.08)
		view.xmin, view.xmax = math.Exp(l), math.Exp(h)
	} else {
		view.xmin, view.xmax = pad(math.Min(low, 0), math.Max(high, 0), 0.08)
	}

	s := sheet{info: info, most: 3, gap: 14}
	columns := min(len(panels), s.most)
	width := 0.75 * s.width() / vg.Length(columns) // approximate, of a panel
	var titles []string
	for _, panel := range panels {
		titles = append(titles, panel.Name)
	}
	for i, panel := range panels {
		p := newPlot(" ", "") // reserves room for the label, which decorate draws
		p.X.Tick.Marker = ticks{most: 4}
		if logarithmic {
			p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, fitting{logTicks{}, float64(width)}
		}
		p.Y.Tick.Marker, p.Y.Tick.Length = rowNames(rows), 0
		if i%columns != 0 {
			p.Y.Tick.Marker = plot.ConstantTicks(nil)
		}
		p.Add(frame{}, name{panel.Name, nameSizeIn(width, titles...)}, gridLines{vertical: true}, comparison{panel, len(rows)})
		setRange(p, view)
		s.panels = append(s.panels, p)
		s.left = max(s.left, 0.1*p.Y.Tick.Label.Width(slices.MaxFunc(rows, func(a, b string) int { return len(a) - len(b) })))
	}
	s.aspect = (13*float64(len(rows)*len(series)) + 12) / (0.8 * float64(s.width()) / float64(columns))
	for j, one := range series {
		if one != "" {
			s.legend = append(s.legend, entry{one, seriesColor(j), swatchDot})
		}
	}
	if len(values) > len(panels)*len(rows)*len(series) {
		s.legend = append(s.legend, entry{"one seed", muted, swatchRing})
	}
	s.labelX(xLabel)
	return s.render()
}

func (c ComparePanel) check(where string, rows, series []string) error {
	if len(rows) == 0 || len(series) == 0 {
		return fmt.Errorf("figure: %s: %d names of rows and %d of series, expected at least one each", where, len(rows), len(series))
	}
	if len(c.Values) != len(rows) {
		return fmt.Errorf("figure: %s: %d rows of values, but %d names", where, len(c.Values), len(rows))
	}
	for i, row := range c.Values {
		where := where + ", " + place("row", i, rows[i])
		if len(row) != len(series) {
			return fmt.Errorf("figure: %s: values of %d series, but %d names", where, len(row), len(series))
		}
		for j, seeds := range row {
			if err := checkValues(where+", "+place("series", j, series[j]), seeds); err != nil {
				return err
			}
		}
	}
	return nil
}

// comparison is a plotter: the dots of a panel.
type comparison struct {
	panel ComparePanel
	rows  int
}

// Plot implements [plot.Plotter].
func (m comparison) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, row := range m.panel.Values {
		if i > 0 {
			edge := y(float64(m.rows-i) - 0.5)
			c.StrokeLine2(draw.LineStyle{Color: quiet, Width: 0.8}, c.Min.X, edge, c.Max.X, edge)
		}
		for j, seeds := range row {
			apart := 0.8 / float64(len(row))
			at := y(float64(m.rows-1-i) + apart*(float64(len(row)-1)/2-float64(j)))
			m.draw(c, seriesColor(j), x, at, seeds)
		}
	}
}

func (m comparison) draw(c draw.Canvas, clr color.NRGBA, x func(float64) vg.Length, y vg.Length, seeds []float64) {
	sorted := slices.Sorted(slices.Values(seeds))
	c.StrokeLine2(draw.LineStyle{Color: fade(clr, 0.45), Width: 1.4}, x(sorted[0]), y, x(sorted[len(sorted)-1]), y)
	for _, v := range seeds {
		drawRing(c, clr, 2.4, vg.Point{X: x(v), Y: y})
	}
	drawDots(c, clr, 7.5, []vg.Point{{X: x(quantile(sorted, 0.5)), Y: y}})
}

// fitting is a logarithmic axis of the given length. It drops all ticks but powers of ten
// if not all have room for their labels, and of the remaining labels those that would
// overlap.
type fitting struct {
	all   plot.Ticker
	width float64
}

// Ticks implements [plot.Ticker].
func (f fitting) Ticks(low, high float64) []plot.Tick {
	all := f.all.Ticks(low, high)
	if f.hush(slices.Clone(all), low, high) == 0 {
		return all
	}
	powers := slices.DeleteFunc(slices.Clone(all), func(t plot.Tick) bool {
		e := math.Log10(t.Value)
		return math.Abs(e-math.Round(e)) > 1e-9
	})
	if len(powers) < 2 { // a single number shows no scale
		powers = []plot.Tick{all[0], all[len(all)-1]}
	}
	f.hush(powers, low, high)
	return powers
}

// hush removes labels without room, and returns how many.
func (f fitting) hush(list []plot.Tick, low, high float64) (hushed int) {
	sty := textStyle(tickSize, false, ink)
	free := math.Inf(-1)
	for i, t := range list {
		at := f.width * math.Log(t.Value/low) / math.Log(high/low)
		half := 0.5 * float64(sty.Width(t.Label))
		if at-half < free {
			list[i].Label = ""
			hushed++
			continue
		}
		free = at + half + 6
	}
	return hushed
}
