package figure

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lengths are in units of the picture. A full picture is 720 units wide: printed 17 cm
// wide a unit is 0.67 pt, on a screen 1.25 px, so that the smallest letters have 7.7 pt
// and 14 px.
const (
	fullWidth   = 720
	halfWidth   = 340
	screenScale = 1.25
	margin      = 10

	labelSize = 12.5 // axis labels, legends
	tickSize  = 11.5
	nameSize  = 13 // panel names

	fontFamily = "Liberation Sans, Arial, Helvetica, sans-serif"
)

var (
	paper = color.NRGBA{255, 255, 255, 255}
	ink   = color.NRGBA{27, 31, 36, 255}
	muted = color.NRGBA{87, 96, 106, 255}
	rule  = color.NRGBA{140, 149, 159, 255}
	quiet = color.NRGBA{229, 232, 236, 255}
)

// palette is that of Okabe and Ito (https://jfly.uni-koeln.de/color/), in the order in
// which series use it, without yellow, which is too pale on paper.
var palette = []color.NRGBA{
	{0, 114, 178, 255},   // blue
	{213, 94, 0, 255},    // vermillion
	{0, 158, 115, 255},   // bluish green
	{204, 121, 167, 255}, // reddish purple
	{230, 159, 0, 255},   // orange
	{86, 180, 233, 255},  // sky blue
}

var dashes = []vg.Length{5, 3.5}

func seriesColor(i int) color.NRGBA { return palette[i%len(palette)] }

// fade mixes the color with the paper: 1 is the color, 0 the paper. Unlike transparency
// it prints the same everywhere.
func fade(c color.NRGBA, strength float64) color.NRGBA {
	mix := func(a, b uint8) uint8 { return uint8(math.Round(strength*float64(a) + (1-strength)*float64(b))) }
	return color.NRGBA{mix(c.R, paper.R), mix(c.G, paper.G), mix(c.B, paper.B), 255}
}

func textStyle(size vg.Length, bold bool, clr color.Color) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: clr, Font: f, Handler: textHandler{text.Plain{Fonts: font.DefaultCache}}}
}

// textHandler tells the canvas whether a text is aligned at its start, middle or end,
// which [vg.Canvas] cannot express.
type textHandler struct{ text.Plain }

// Draw implements [text.Handler].
func (h textHandler) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	target := unwrap(c)
	switch sty.XAlign {
	case draw.XCenter:
		target.anchor = "middle"
	case draw.XRight:
		target.anchor = "end"
	}
	h.Plain.Draw(c, txt, sty, pt)
	target.anchor = ""
}

// unwrap returns the canvas below the draw.Canvases around it.
func unwrap(c vg.Canvas) *canvas {
	for {
		switch v := c.(type) {
		case *canvas:
			return v
		case *draw.Canvas:
			c = v.Canvas
		case draw.Canvas:
			c = v.Canvas
		default:
			panic(fmt.Sprintf("figure: cannot set text on a %T", c))
		}
	}
}

// newPlot returns axes in the common style.
func newPlot(xLabel, yLabel string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = textHandler{text.Plain{Fonts: font.DefaultCache}}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Padding = 0
		axis.LineStyle = draw.LineStyle{Color: rule, Width: 0.8}
		axis.Tick.LineStyle = axis.LineStyle
		axis.Tick.Length = 3.5
		axis.Tick.Marker = ticks{most: 6}
		tick := textStyle(tickSize, false, ink)
		tick.XAlign, tick.YAlign = axis.Tick.Label.XAlign, axis.Tick.Label.YAlign
		axis.Tick.Label = tick
		label := textStyle(labelSize, false, ink)
		label.XAlign, label.YAlign = axis.Label.TextStyle.XAlign, axis.Label.TextStyle.YAlign
		axis.Label.TextStyle = label
		axis.Label.Padding = 3
	}
	p.X.Label.Text, p.Y.Label.Text = xLabel, yLabel
	return p
}

// rowNames labels rows from the top down, at len(names)-1 to 0.
func rowNames(names []string) (labels plot.ConstantTicks) {
	for i, name := range names {
		labels = append(labels, plot.Tick{Value: float64(len(names) - 1 - i), Label: name})
	}
	return labels
}

func setRange(p *plot.Plot, r box) {
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = r.xmin, r.xmax, r.ymin, r.ymax
}

// ticks chooses at most the given number of round values, in steps of 1, 2 or 5 times a
// power of ten. Silent ticks have no labels, for panels that share an axis.
type ticks struct {
	most   int
	silent bool
	room   float64 // length of the axis, in points; 0: enough for every label
}

// Ticks implements [plot.Ticker].
func (t ticks) Ticks(low, high float64) []plot.Tick {
	power := math.Floor(math.Log10((high - low) / float64(t.most)))
	for {
		for _, mantissa := range []float64{1, 2, 5} {
			step := mantissa * math.Pow(10, power)
			first, last := math.Ceil(low/step-1e-9), math.Floor(high/step+1e-9)
			if int(last-first)+1 > t.most {
				continue
			}
			var out []plot.Tick
			for k := first; k <= last; k++ {
				out = append(out, plot.Tick{Value: k * step, Label: decimal(k*step, int(math.Max(0, -power)))})
			}
			return t.hush(t.thin(out, high-low))
		}
		power++
	}
}

// thin leaves every second label out if they would touch each other.
func (t ticks) thin(list []plot.Tick, span float64) []plot.Tick {
	sty := textStyle(tickSize, false, ink)
	for i := 1; i < len(list) && t.room > 0; i++ {
		apart := t.room * (list[i].Value - list[i-1].Value) / span
		if apart < 0.5*float64(sty.Width(list[i-1].Label)+sty.Width(list[i].Label))+leastGap {
			for k := 1; k < len(list); k += 2 {
				list[k].Label = ""
			}
			break
		}
	}
	return list
}

// leastGap is the space between two labels of an axis, in points; a browser may have a wider
// font than ours.
const leastGap = 5

func (t ticks) hush(list []plot.Tick) []plot.Tick {
	if t.silent {
		for i := range list {
			list[i].Label = ""
		}
	}
	return list
}

// logTicks labels 1, 2, 5 times powers of ten; over more than three decades only the
// powers; over more than six, or if they are tiny, a few of them, as 1e−12.
type logTicks struct{}

// Ticks implements [plot.Ticker].
func (logTicks) Ticks(low, high float64) []plot.Tick {
	mantissas := []float64{1, 2, 5}
	if high/low > 1000 {
		mantissas = mantissas[:1]
	}
	wide, every := high/low > 1e6 || high/low > 1000 && low < 1e-4, 1
	if wide {
		every = int(math.Ceil(math.Log10(high/low) / 6))
	}
	var out []plot.Tick
	for power := int(math.Floor(math.Log10(low))); power <= int(math.Ceil(math.Log10(high))); power++ {
		if power%every != 0 {
			continue
		}
		for _, m := range mantissas {
			if v := m * math.Pow(10, float64(power)); v >= low*(1-1e-9) && v <= high*(1+1e-9) {
				label := decimal(v, max(0, -power))
				if wide && power != 0 {
					label = "1e" + decimal(float64(power), 0)
				}
				out = append(out, plot.Tick{Value: v, Label: label})
			}
		}
	}
	return out
}

// decimal formats a number with a true minus sign and grouped thousands.
func decimal(v float64, digits int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if v < 0 && strings.Trim(s, "0.") != "" {
		return "−" + whole
	}
	return whole
}
