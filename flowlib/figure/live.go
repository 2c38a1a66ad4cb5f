package figure

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
)

// LiveState is a flow in training, as [Live] draws it. Truth and Learned must have the
// same window; points of Samples and Events outside it are not drawn.
type LiveState struct {
	Truth, Learned  DensityPanel
	Samples, Events [][]float64 // [N, 2]: draws of the flow over events of the data
	Curve           [][]float64 // [N, 2]: (step, mean log-likelihood in nats)
	Shown           int         // index of the point of the curve that Learned and Samples belong to
	Steps           int         // number of steps of the training
	Limit           Mark        // what the curve approaches
}

// Live draws a flow in training, fast enough for a moving picture: the true density, the
// learned one in the same colors, draws, and the curve of the log-likelihood. The color
// scale is that of the truth; values above its 99.9 % quantile have the last color.
func Live(info Info, s LiveState) (SVG, error) {
	if err := info.check("Live", 1); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	l := live{}
	top := s.Truth.top()
	for i, panel := range []DensityPanel{s.Truth, s.Learned} {
		if err := l.density(i, panel, top); err != nil {
			return nil, err
		}
	}
	l.samples(s)
	l.curve(s)
	return l.document(info, "live-", liveWidth, liveHeight, ""), nil
}

func (s LiveState) check() error {
	for i, panel := range []DensityPanel{s.Truth, s.Learned} {
		if err := panel.check("Live: " + place("panel", i, panel.Name)); err != nil {
			return err
		}
	}
	if s.Truth.window() != s.Learned.window() {
		return fmt.Errorf("figure: Live: the learned density has the window %v, the true one %v", s.Learned.window(), s.Truth.window())
	}
	if !(s.Truth.top() > 0) {
		return fmt.Errorf("figure: Live: the true density is 0 nearly everywhere in its window")
	}
	for name, points := range map[string][][]float64{"samples": s.Samples, "events": s.Events, "curve": s.Curve} {
		if err := checkPoints("Live: "+name, points); err != nil {
			return err
		}
	}
	if s.Shown < 0 || s.Shown >= len(s.Curve) {
		return fmt.Errorf("figure: Live: the shown point is %d of a curve of %d", s.Shown, len(s.Curve))
	}
	return checkMark("Live", &s.Limit)
}

// top returns the 99.9 % quantile of the cells.
func (d DensityPanel) top() float64 {
	all := slices.Concat(d.Values...)
	slices.Sort(all)
	return quantile(all, 0.999)
}

// live is written by hand, because gonum's layout takes too long.
type live struct{ page }

const (
	liveWidth  = 960
	liveHeight = 262
	liveSize   = 210 // of a panel
	liveGap    = 12
	liveTop    = 34
	liveCurve  = 3*(liveSize+liveGap) + margin + 50 // left edge of the curve
)

func liveLeft(i int) float64 { return float64(margin + i*(liveSize+liveGap)) }

func (l *live) name(i int, s string) {
	l.text(liveLeft(i)+liveSize/2, liveTop-10, "middle", "bold", ink, s)
}

// density draws the cells as pixels, which the browser smooths.
func (l *live) density(i int, panel DensityPanel, top float64) error {
	ny, nx := len(panel.Values), len(panel.Values[0])
	img := image.NewPaletted(image.Rect(0, 0, nx, ny), sequentialPalette())
	for j, row := range panel.Values {
		for k, v := range row {
			img.SetColorIndex(k, ny-1-j, uint8(math.Round(255*math.Min(v/top, 1))))
		}
	}
	var data bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&data, img); err != nil {
		return fmt.Errorf("figure: Live: encoding a heat map as PNG: %w", err)
	}
	fmt.Fprintf(&l.body, `<image x="%.0f" y="%d" width="%d" height="%d" preserveAspectRatio="none" href="data:image/png;base64,%s"/>`+"\n",
		liveLeft(i), liveTop, liveSize, liveSize, base64.StdEncoding.EncodeToString(data.Bytes()))
	l.name(i, panel.Name)
	return nil
}

func (l *live) samples(s LiveState) {
	b := s.Truth.window()
	dots := func(points [][]float64, clr color.Color, width float64) {
		var path strings.Builder
		for _, p := range points {
			x, y := (p[0]-b.xmin)/(b.xmax-b.xmin), (b.ymax-p[1])/(b.ymax-b.ymin)
			if x >= 0 && x <= 1 && y >= 0 && y <= 1 {
				fmt.Fprintf(&path, "M%.1f %.1fh0", liveLeft(2)+x*liveSize, liveTop+y*liveSize)
			}
		}
		fmt.Fprintf(&l.body, `<path d="%s" stroke="%s" stroke-width="%g" stroke-linecap="round"/>`+"\n", path.String(), hex(clr), width)
	}
	dots(s.Events, fade(rule, 0.45), 2.4)
	dots(s.Samples, seriesColor(0), 2)
	fmt.Fprintf(&l.body, `<path d="M%.0f %dh%dv%dh-%dz" fill="none" stroke="%s" stroke-width="0.8"/>`+"\n", liveLeft(2), liveTop, liveSize, liveSize, liveSize, hex(rule))
	l.name(2, "samples over data")
}

// curve leaves out points far below: the first steps would flatten the rest.
func (l *live) curve(s LiveState) {
	last := s.Curve[len(s.Curve)-1][1]
	low := math.Min(last, s.Curve[s.Shown][1])
	for _, p := range s.Curve {
		low = math.Min(low, math.Max(p[1], s.Limit.Value-1.2))
	}
	low, high := pad(low, s.Limit.Value, 0.1)
	const width, bottom = liveWidth - margin - liveCurve, float64(liveTop + liveSize - 16)
	x := func(step float64) float64 { return liveCurve + step/math.Max(float64(s.Steps), 1)*width }
	y := func(v float64) float64 {
		return bottom - math.Max(v-low, 0)/math.Max(high-low, 1e-9)*(bottom-liveTop)
	}
	for _, t := range (ticks{most: 5}).Ticks(low, high) {
		fmt.Fprintf(&l.body, `<path d="M%d %.1fh%d" stroke="%s" stroke-width="0.8"/>`+"\n", liveCurve, y(t.Value), width, hex(quiet))
		l.text(liveCurve-5, y(t.Value)+4, "end", "normal", muted, t.Label)
	}
	fmt.Fprintf(&l.body, `<path d="M%d %dV%.0fh%d" fill="none" stroke="%s" stroke-width="0.8"/>`+"\n", liveCurve, liveTop, bottom, width, hex(rule))
	fmt.Fprintf(&l.body, `<path d="M%d %.1fh%d" stroke="%s" stroke-width="1.4" stroke-dasharray="5 3.5"/>`+"\n", liveCurve, y(s.Limit.Value), width, hex(seriesColor(1)))
	l.text(liveWidth-margin, y(s.Limit.Value)-5, "end", "normal", seriesColor(1), fmt.Sprintf("%s = %s", s.Limit.Name, decimal(s.Limit.Value, 3)))
	path := ""
	for i, p := range s.Curve {
		path += fmt.Sprintf("%c%.1f %.1f", "ML"[min(i, 1)], x(p[0]), y(p[1]))
	}
	fmt.Fprintf(&l.body, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path, hex(seriesColor(0)))
	shown := s.Curve[s.Shown]
	fmt.Fprintf(&l.body, `<circle cx="%.1f" cy="%.1f" r="4.5" fill="%s" stroke="%s" stroke-width="1.5"/>`+"\n", x(shown[0]), y(shown[1]), hex(seriesColor(0)), hex(paper))
	l.text(liveCurve, bottom+17, "middle", "normal", muted, "0")
	l.text(liveWidth-margin, bottom+17, "end", "normal", muted, decimal(float64(s.Steps), 0)+" steps")
	l.text(liveCurve+width/2, liveTop-10, "middle", "bold", ink, "log-likelihood (nats)")
}
