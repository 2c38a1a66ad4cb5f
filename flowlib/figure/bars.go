package figure

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bar is one bar of [Bars].
type Bar struct {
	Name  string
	Value float64 // at least 0
	Text  string  // the value as shown, with its unit: "12 ms"
}

// Bars draws horizontal bars from 0, the first on top, each with its value.
func Bars(info Info, xLabel string, bars ...Bar) (SVG, error) {
	if err := info.check("Bars", len(bars)); err != nil {
		return nil, err
	}
	values := make([]float64, len(bars))
	for i, bar := range bars {
		values[i] = bar.Value
	}
	if err := checkBars(values); err != nil {
		return nil, err
	}
	p := newPlot(xLabel, "")
	longest := 0.0
	var names plot.ConstantTicks
	for i, bar := range bars {
		longest = max(longest, bar.Value)
		names = append(names, plot.Tick{Value: float64(len(bars) - 1 - i), Label: bar.Name})
	}
	if longest == 0 {
		longest = 1
	}
	p.Y.Tick.Marker, p.Y.Tick.Length = names, 0
	p.Add(gridLines{vertical: true}, horizontalBars{bars, seriesColor(0)})
	s := sheet{info: info, panels: []*plot.Plot{p}, most: 1}
	widest := vg.Length(0)
	for _, bar := range bars {
		widest = max(widest, p.Y.Tick.Label.Width(bar.Name))
	}
	s.left = 0.13 * widest
	// The text to the right of a bar gets the room that it needs.
	room := float64(s.width() - 2*margin - 1.13*widest - 12)
	end := 1.16 * longest
	for _, bar := range bars {
		if text := float64(12+1.1*textStyle(tickSize, false, ink).Width(bar.Text)) / room; text < 0.8 {
			end = max(end, bar.Value/(1-text))
		}
	}
	setRange(p, box{0, end, -0.6, float64(len(bars)) - 0.4})
	s.aspect = 27 * (float64(len(bars)) + 0.2) / (0.8 * float64(s.width()))
	return s.render()
}

type horizontalBars struct {
	bars  []Bar
	color color.NRGBA
}

// Plot implements [plot.Plotter].
func (h horizontalBars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	sty := textStyle(tickSize, false, ink)
	for i, bar := range h.bars {
		middle := y(float64(len(h.bars) - 1 - i))
		half := (y(1) - y(0)) * 0.34
		c.SetColor(h.color)
		c.Fill(vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: middle - half}, Max: vg.Point{X: x(bar.Value), Y: middle + half}}.Path())
		c.FillText(sty, vg.Point{X: x(bar.Value) + 6, Y: middle - 0.45*tickSize}, bar.Text)
	}
}
