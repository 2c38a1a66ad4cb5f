package figure

import (
	"bytes"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// pathData writes relative coordinates, rounded to 0.01, or to 0.1 in a path of dots, of
// which there are thousands. Rounding comes before differences, so errors do not add up.
func (c *canvas) pathData(path vg.Path) string {
	scale := 100
	if isDots(path) {
		scale = 10
	}
	w := pathWriter{scale: scale}
	place := func(pt vg.Point) (x, y int) {
		px, py := c.top().apply(pt)
		return int(math.Round(px * float64(scale))), int(math.Round((float64(c.height) - py) * float64(scale)))
	}
	for _, comp := range path {
		x, y := place(comp.Pos)
		switch comp.Type {
		case vg.MoveComp:
			w.to('m', x, y)
			w.startX, w.startY = x, y
		case vg.LineComp:
			w.to('l', x, y)
		case vg.CurveComp:
			command := byte('q')
			if len(comp.Control) == 2 {
				command = 'c'
			}
			w.buf.WriteByte(command)
			for _, control := range comp.Control {
				cx, cy := place(control)
				w.pair(cx-w.x, cy-w.y)
			}
			w.pair(x-w.x, y-w.y)
			w.x, w.y = x, y
		case vg.ArcComp:
			on := func(angle float64) (int, int) {
				sin, cos := math.Sincos(angle)
				return place(comp.Pos.Add(vg.Point{X: comp.Radius * vg.Length(cos), Y: comp.Radius * vg.Length(sin)}))
			}
			first := byte('l')
			if w.buf.Len() == 0 {
				first = 'm'
			}
			if sx, sy := on(comp.Start); first == 'm' || sx != w.x || sy != w.y {
				w.to(first, sx, sy)
			}
			// Two halves, since one SVG arc cannot be a full circle.
			sweep := "0"
			if comp.Angle < 0 {
				sweep = "1"
			}
			r := number(float64(comp.Radius))
			for _, part := range []float64{0.5, 1} {
				ex, ey := on(comp.Start + part*comp.Angle)
				w.buf.WriteString("a" + r + " " + r + " 0 0 " + sweep)
				w.buf.WriteByte(' ')
				w.pair(ex-w.x, ey-w.y)
				w.x, w.y = ex, ey
			}
		case vg.CloseComp:
			w.buf.WriteByte('z')
			w.x, w.y = w.startX, w.startY
		}
	}
	return w.buf.String()
}

// isDots reports whether the path consists of moves and lines of length zero, which are
// dots of the line's width.
func isDots(path vg.Path) bool {
	if len(path)%2 != 0 {
		return false
	}
	for i := 0; i < len(path); i += 2 {
		if path[i].Type != vg.MoveComp || path[i+1].Type != vg.LineComp || path[i].Pos != path[i+1].Pos {
			return false
		}
	}
	return true
}

type pathWriter struct {
	buf            bytes.Buffer
	scale          int
	x, y           int
	startX, startY int
}

func (w *pathWriter) to(command byte, x, y int) {
	dx, dy := x-w.x, y-w.y
	switch {
	case w.buf.Len() == 0:
		w.buf.WriteByte('M')
		w.pair(x, y)
	case command == 'l' && dy == 0:
		w.buf.WriteByte('h')
		w.one(dx)
	case command == 'l' && dx == 0:
		w.buf.WriteByte('v')
		w.one(dy)
	default:
		w.buf.WriteByte(command)
		w.pair(dx, dy)
	}
	w.x, w.y = x, y
}

func (w *pathWriter) pair(x, y int) {
	if last := w.buf.Bytes()[w.buf.Len()-1]; last >= '0' && last <= '9' && x >= 0 {
		w.buf.WriteByte(' ')
	}
	w.one(x)
	if y >= 0 {
		w.buf.WriteByte(' ')
	}
	w.one(y)
}

func (w *pathWriter) one(n int) {
	w.buf.WriteString(strconv.FormatFloat(float64(n)/float64(w.scale), 'f', -1, 64))
}
