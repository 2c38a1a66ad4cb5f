package figure

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// canvas is a [vg.Canvas] that writes compact SVG. Gonum's vgsvg writes absolute
// coordinates of five digits, no title, one font family, and a label on each picture that
// says JPEG for a PNG; correcting its output takes more code than this.
type canvas struct {
	width, height vg.Length
	body          bytes.Buffer
	stack         []state
	anchor        string // of the next string; see textHandler
	err           error
}

// state is what Push saves. The matrix maps (x, y) to (a·x+c·y+e, b·x+d·y+f), with y
// upwards; only the output has y downwards.
type state struct {
	color            color.Color
	lineWidth        vg.Length
	dash             []vg.Length
	a, b, c, d, e, f float64
}

var _ vg.CanvasSizer = (*canvas)(nil)

func newCanvas(width, height vg.Length) *canvas {
	c := &canvas{width: width, height: height, stack: []state{{a: 1, d: 1}}}
	vg.Initialize(c)
	return c
}

func (c *canvas) top() *state { return &c.stack[len(c.stack)-1] }

func (c *canvas) Size() (x, y vg.Length)                    { return c.width, c.height }
func (c *canvas) SetLineWidth(w vg.Length)                  { c.top().lineWidth = w }
func (c *canvas) SetLineDash(dash []vg.Length, _ vg.Length) { c.top().dash = dash }
func (c *canvas) Push()                                     { c.stack = append(c.stack, *c.top()) }
func (c *canvas) Pop()                                      { c.stack = c.stack[:len(c.stack)-1] }

func (c *canvas) SetColor(clr color.Color) {
	if clr == nil {
		clr = color.Black
	}
	c.top().color = clr
}

func (c *canvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	s := c.top()
	s.a, s.b, s.c, s.d = s.a*cos+s.c*sin, s.b*cos+s.d*sin, s.c*cos-s.a*sin, s.d*cos-s.b*sin
}

func (c *canvas) Translate(pt vg.Point) {
	s := c.top()
	s.e, s.f = s.apply(pt)
}

func (c *canvas) Scale(x, y float64) {
	s := c.top()
	s.a, s.b, s.c, s.d = s.a*x, s.b*x, s.c*y, s.d*y
}

func (s *state) apply(pt vg.Point) (x, y float64) {
	px, py := float64(pt.X), float64(pt.Y)
	return s.a*px + s.c*py + s.e, s.b*px + s.d*py + s.f
}

func (c *canvas) Stroke(path vg.Path) {
	s := c.top()
	if s.lineWidth <= 0 || len(path) == 0 {
		return
	}
	fmt.Fprintf(&c.body, `<path d="%s" fill="none" stroke="%s"%s stroke-width="%s"`,
		c.pathData(path), hex(s.color), opacity("stroke", s.color), number(float64(s.lineWidth)))
	if len(s.dash) > 0 {
		c.body.WriteString(` stroke-linecap="butt" stroke-dasharray="`)
		for i, d := range s.dash {
			if i > 0 {
				c.body.WriteByte(' ')
			}
			c.body.WriteString(number(float64(d)))
		}
		c.body.WriteByte('"')
	}
	c.body.WriteString("/>\n")
}

func (c *canvas) Fill(path vg.Path) {
	if len(path) > 0 {
		fmt.Fprintf(&c.body, `<path d="%s" fill="%s"%s/>`+"\n", c.pathData(path), hex(c.top().color), opacity("fill", c.top().color))
	}
}

// FillString draws one line of text whose left end, as measured, is pt. Centered and
// right-aligned text is anchored at its center or end, so that it stays in place in a
// fallback font of another width.
func (c *canvas) FillString(f font.Face, pt vg.Point, text string) {
	if f.Font.Size <= 0 {
		return
	}
	width := f.Width(text)
	attributes := ""
	switch c.anchor {
	case "middle":
		pt.X += width / 2
		attributes = ` text-anchor="middle"`
	case "end":
		pt.X += width
		attributes = ` text-anchor="end"`
	}
	s := c.top()
	x, y := s.apply(pt)
	y = float64(c.height) - y
	if angle := math.Atan2(s.b, s.a) * 180 / math.Pi; math.Abs(angle) > 0.01 {
		attributes += fmt.Sprintf(` transform="rotate(%s %s %s)"`, number(-angle), number(x), number(y))
	}
	if f.Font.Weight >= xfont.WeightBold {
		attributes += ` font-weight="bold"`
	}
	fmt.Fprintf(&c.body, `<text x="%s" y="%s" font-size="%s" fill="%s"%s>%s</text>`+"\n",
		number(x), number(y), number(float64(f.Font.Size)), hex(s.color), attributes, escape(text))
}

// DrawImage embeds the image as a PNG. The matrix may move and scale the picture, but not
// rotate it.
func (c *canvas) DrawImage(rect vg.Rectangle, img image.Image) {
	var data bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&data, img); err != nil {
		c.err = fmt.Errorf("figure: encoding a heat map as PNG: %w", err)
		return
	}
	s := c.top()
	x0, y0 := s.apply(rect.Min)
	x1, y1 := s.apply(rect.Max)
	fmt.Fprintf(&c.body, `<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" href="data:image/png;base64,%s"/>`+"\n",
		number(x0), number(float64(c.height)-y1), number(x1-x0), number(y1-y0), base64.StdEncoding.EncodeToString(data.Bytes()))
}

// document wraps the drawing: a card, texts for screen readers, and an id that differs
// between pictures, because one page may hold many.
func (c *canvas) document(info Info) (SVG, error) {
	if c.err != nil {
		return nil, c.err
	}
	sum := sha256.Sum256(append([]byte(info.Title+"\x00"+info.Description+"\x00"), c.body.Bytes()...))
	id := fmt.Sprintf("fig-%x", sum[:5])
	width, height := number(float64(c.width)), number(float64(c.height))
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" style="max-width:100%%;height:auto" role="img" aria-labelledby="%s-title %s-desc">`+"\n",
		number(float64(c.width)*screenScale), number(float64(c.height)*screenScale), width, height, id, id)
	fmt.Fprintf(&out, "<title id=\"%s-title\">%s</title>\n<desc id=\"%s-desc\">%s</desc>\n", id, escape(info.Title), id, escape(info.Description))
	fmt.Fprintf(&out, `<rect width="%s" height="%s" rx="6" fill="%s"/>`+"\n", width, height, hex(paper))
	fmt.Fprintf(&out, `<g font-family="%s" stroke-linecap="round" stroke-linejoin="round">`+"\n", fontFamily)
	out.Write(c.body.Bytes())
	out.WriteString("</g>\n</svg>\n")
	return out.Bytes(), nil
}

func number(v float64) string {
	v = math.Round(v*100) / 100
	if v == 0 {
		v = 0 // not -0
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func hex(clr color.Color) string {
	c := color.NRGBAModel.Convert(clr).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
}

func opacity(kind string, clr color.Color) string {
	c := color.NRGBAModel.Convert(clr).(color.NRGBA)
	if c.A == 255 {
		return ""
	}
	return fmt.Sprintf(` %s-opacity="%s"`, kind, number(float64(c.A)/255))
}

func escape(text string) string {
	var buf bytes.Buffer
	_ = xml.EscapeText(&buf, []byte(text)) // a bytes.Buffer does not fail
	return buf.String()
}
