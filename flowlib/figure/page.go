package figure

import (
	"bytes"
	"fmt"
	"image/color"
)

// page is a picture written by hand, without gonum's canvas and layout.
type page struct{ body bytes.Buffer }

// text writes a line of text; weight "" is the default.
func (p *page) text(x, y float64, anchor, weight string, clr color.Color, s string) {
	if weight != "" {
		weight = fmt.Sprintf(` font-weight="%s"`, weight)
	}
	fmt.Fprintf(&p.body, `<text x="%.0f" y="%.0f" text-anchor="%s"%s fill="%s">%s</text>`+"\n", x, y, anchor, weight, hex(clr), escape(s))
}

// document wraps the drawing in a card with texts for screen readers, whose ids begin
// with prefix.
func (p *page) document(info Info, prefix string, width, height int, style string) SVG {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="%stitle %sdesc" font-family="%s" font-size="%g">`+"\n",
		width, height, width, height, prefix, prefix, fontFamily, labelSize)
	fmt.Fprintf(&out, "<title id=\"%stitle\">%s</title>\n<desc id=\"%sdesc\">%s</desc>\n%s", prefix, escape(info.Title), prefix, escape(info.Description), style)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" rx="8" fill="%s"/>`+"\n", width, height, hex(paper))
	out.Write(p.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}
