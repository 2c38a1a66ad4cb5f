package figure

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sample is a set of numbers with a name.
type Sample struct {
	Name   string
	Values []float64
}

const bins = 50

// Histogram draws overlapping histograms of the samples, each as shares of its own size,
// with an optional threshold. The first sample determines the x range, with the same room
// again on both sides; the outermost bins count what lies beyond, and the axis says so.
func Histogram(info Info, xLabel string, threshold *Mark, samples ...Sample) (SVG, error) {
	if err := info.check("Histogram", len(samples)); err != nil {
		return nil, err
	}
	var all []float64
	for i, sample := range samples {
		if err := checkValues("Histogram: "+place("sample", i, sample.Name), sample.Values); err != nil {
			return nil, err
		}
		all = append(all, sample.Values...)
	}
	if err := checkMark("Histogram", threshold); err != nil {
		return nil, err
	}
	first := slices.Sorted(slices.Values(samples[0].Values))
	low, high := quantile(first, 0.001), quantile(first, 0.999)
	if threshold != nil {
		low, high = min(low, threshold.Value), max(high, threshold.Value)
	}
	low, high = pad(low, high, 1)
	least, most := slices.Min(all), slices.Max(all)
	cutLow, cutHigh := least < low, most > high
	if cutLow {
		low = math.Floor(low) // these ends are labeled without decimals
	}
	if cutHigh {
		high = math.Ceil(high)
	}
	low, high = max(low, least), min(high, most)
	if threshold != nil {
		low, high = min(low, threshold.Value), max(high, threshold.Value)
	}
	if low == high {
		low, high = pad(low, high, 0)
	}

	s := sheet{info: info, most: 1, aspect: 0.38}
	if info.Half {
		s.aspect = 0.65
	}
	p := newPlot(xLabel, "share of points (%)")
	var shares [][]float64
	highest := 0.0 // of the bins except the outermost ones, which collect the rest
	for i, sample := range samples {
		share := make([]float64, bins)
		for _, v := range sample.Values {
			k := int(math.Floor(bins * (v - low) / (high - low)))
			share[min(max(k, 0), bins-1)] += 100 / float64(len(sample.Values))
		}
		shares = append(shares, share)
		inner := slices.Clone(share)
		if cutLow {
			inner[0] = 0
		}
		if cutHigh {
			inner[bins-1] = 0
		}
		highest = max(highest, slices.Max(inner))
		s.legend = append(s.legend, entry{sample.Name, fade(seriesColor(i), 0.75), swatchBlock})
	}
	if highest == 0 {
		highest = 100
	}
	view := box{low, high, 0, 1.2 * highest} // room for the threshold's name
	setRange(p, view)
	marker := cutTicks{ticks{most: 12}, cutLow, cutHigh}
	if info.Half {
		marker.most = 7
	}
	p.X.Tick.Marker = marker
	p.Add(gridLines{horizontal: true})
	for i, share := range shares {
		p.Add(steps{low, high, share, i})
	}
	if threshold != nil {
		label := threshold.Name + " = " + decimal(threshold.Value, 2)
		p.Add(reference{mark: *threshold, label: label, vertical: true, right: threshold.Value < (low+high)/2, color: ink})
	}
	setRange(p, view)
	s.panels = []*plot.Plot{p}
	return s.render()
}

// steps is a plotter: one histogram, filled, with its outline.
type steps struct {
	low, high float64
	share     []float64
	series    int
}

// Plot implements [plot.Plotter].
func (s steps) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	outline := []vg.Point{{X: x(s.low), Y: y(0)}}
	for k, v := range s.share {
		left := s.low + (s.high-s.low)*float64(k)/float64(len(s.share))
		right := s.low + (s.high-s.low)*float64(k+1)/float64(len(s.share))
		outline = append(outline, vg.Point{X: x(left), Y: y(v)}, vg.Point{X: x(right), Y: y(v)})
	}
	outline = append(outline, vg.Point{X: x(s.high), Y: y(0)})
	fill := seriesColor(s.series)
	fill.A = 100 // transparent, since histograms overlap
	c.FillPolygon(fill, c.ClipPolygonY(outline))
	c.StrokeLines(draw.LineStyle{Color: seriesColor(s.series), Width: 1.2}, c.ClipLinesY(outline)...)

	// A bin that leaves the frame is labeled with its height.
	sty := textStyle(tickSize, true, seriesColor(s.series))
	for k, v := range s.share {
		if v <= p.Y.Max {
			continue
		}
		pt := vg.Point{X: x(s.low) + (x(s.high)-x(s.low))/bins + 4, Y: c.Max.Y - 13*vg.Length(s.series+1)}
		if k > 0 {
			pt.X, sty.XAlign = x(s.high)-(x(s.high)-x(s.low))/bins-4, draw.XRight
		}
		c.FillText(sty, pt, decimal(v, 0)+" %")
	}
}

// cutTicks marks an end of the axis beyond which the outermost bin counts values.
type cutTicks struct {
	ticks
	low, high bool
}

// Ticks implements [plot.Ticker].
func (t cutTicks) Ticks(low, high float64) []plot.Tick {
	room := 1.1 * (high - low) / float64(t.most)
	out := slices.DeleteFunc(t.ticks.Ticks(low, high), func(tick plot.Tick) bool {
		return t.low && tick.Value < low+room || t.high && tick.Value > high-room
	})
	if t.low {
		out = append(out, plot.Tick{Value: low, Label: "≤ " + decimal(low, 0)})
	}
	if t.high {
		out = append(out, plot.Tick{Value: high, Label: "≥ " + decimal(high, 0)})
	}
	return out
}
