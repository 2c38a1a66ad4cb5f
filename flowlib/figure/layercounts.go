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

// LayerSeries is the quality of one kind of flow at several numbers of layers.
type LayerSeries struct {
	Name   string
	Layers []int       // increasing, one per row of KL
	KL     [][]float64 // in nats; KL[i] holds one value per seed at Layers[i]
}

// Band is a range of values, drawn as a strip in the background.
type Band struct {
	Name      string
	Low, High float64
}

// LayerCounts draws the Kullback-Leibler divergence against the number of layers: a line
// through the medians, and an open dot per seed. The y axis is logarithmic if all values
// are positive and span more than a factor of ten. band may be nil.
func LayerCounts(info Info, band *Band, series ...LayerSeries) (SVG, error) {
	if err := info.check("LayerCounts", len(series)); err != nil {
		return nil, err
	}
	var values []float64
	var counts []int
	for i, one := range series {
		where := "LayerCounts: " + place("series", i, one.Name)
		if err := one.check(where); err != nil {
			return nil, err
		}
		values = slices.Concat(append([][]float64{values}, one.KL...)...)
		counts = append(counts, one.Layers...)
	}
	if band != nil {
		if !finite(band.Low) || !finite(band.High) || band.Low > band.High {
			return nil, fmt.Errorf("figure: LayerCounts: the band goes from %v to %v, expected finite and increasing", band.Low, band.High)
		}
		values = append(values, band.Low, band.High)
	}
	slices.Sort(counts)
	counts = slices.Compact(counts)
	low, high := slices.Min(values), slices.Max(values)

	s := sheet{info: info, most: 1, aspect: 0.42}
	if info.Half {
		s.aspect = 0.5
	}
	p := newPlot("coupling layers", "KL (nats)")
	var view box
	view.xmin, view.xmax = pad(float64(counts[0]), float64(counts[len(counts)-1]), 0.06)
	if low > 0 && high/low > 10 {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
		l, h := pad(math.Log(low), math.Log(high), 0.07)
		view.ymin, view.ymax = math.Exp(l), math.Exp(h)
	} else {
		view.ymin, view.ymax = pad(math.Min(low, 0), math.Max(high, 0), 0.06)
		if low >= 0 {
			view.ymin = 0
		}
	}
	var at plot.ConstantTicks
	for _, n := range counts {
		at = append(at, plot.Tick{Value: float64(n), Label: decimal(float64(n), 0)})
	}
	p.X.Tick.Marker = at
	setRange(p, view)
	if band != nil {
		p.Add(strip{*band})
		s.legend = append(s.legend, entry{band.Name, bandColor, swatchBlock})
	}
	p.Add(gridLines{horizontal: true})
	for i, one := range series {
		p.Add(medians{one, seriesColor(i)})
		text := "median"
		if one.Name != "" {
			text = one.Name + ", median"
		}
		s.legend = append(s.legend, entry{text, seriesColor(i), swatchLine})
	}
	s.legend = append(s.legend, entry{"one seed", muted, swatchRing})
	setRange(p, view)
	s.panels = []*plot.Plot{p}
	return s.render()
}

func (l LayerSeries) check(where string) error {
	if len(l.Layers) == 0 || len(l.Layers) != len(l.KL) {
		return fmt.Errorf("figure: %s: %d layer counts, but %d rows of KL", where, len(l.Layers), len(l.KL))
	}
	for i, n := range l.Layers {
		if n < 1 || i > 0 && n <= l.Layers[i-1] {
			return fmt.Errorf("figure: %s: layer counts %v, expected them positive and increasing", where, l.Layers)
		}
		if err := checkValues(fmt.Sprintf("%s, %d layers", where, n), l.KL[i]); err != nil {
			return err
		}
	}
	return nil
}

// medians is a plotter: the line through the medians, and the seeds.
type medians struct {
	series LayerSeries
	color  color.NRGBA
}

// Plot implements [plot.Plotter].
func (m medians) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var line []vg.Point
	for i, n := range m.series.Layers {
		sorted := slices.Sorted(slices.Values(m.series.KL[i]))
		line = append(line, vg.Point{X: x(float64(n)), Y: y(quantile(sorted, 0.5))})
	}
	c.StrokeLines(draw.LineStyle{Color: m.color, Width: 2}, line)
	for i, n := range m.series.Layers {
		for _, v := range m.series.KL[i] {
			drawRing(c, m.color, 3, vg.Point{X: x(float64(n)), Y: y(v)})
		}
	}
	drawDots(c, m.color, 8, line)
}

var bandColor = fade(seriesColor(2), 0.25)

// strip is a plotter: a band.
type strip struct{ band Band }

// Plot implements [plot.Plotter].
func (s strip) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	c.SetColor(bandColor)
	c.Fill(vg.Rectangle{
		Min: vg.Point{X: c.Min.X, Y: max(y(s.band.Low), c.Min.Y)},
		Max: vg.Point{X: c.Max.X, Y: min(y(s.band.High), c.Max.Y)},
	}.Path())
}
