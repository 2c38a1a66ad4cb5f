package imageset

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// PNG returns picture i as a PNG file: gray, or RGB if there are three channels (of other
// pictures the first channel). Levels are spread over 0 to 255.
func (s *Set) PNG(i int) ([]byte, error) { return s.Take([]int{i}).Sheet(1, 0) }

// Sheet returns all pictures side by side as one PNG file, in about as many rows as
// columns, each pixel as scale×scale pixels, with gaps of gap white pixels.
func (s *Set) Sheet(scale, gap int) ([]byte, error) {
	columns := int(math.Ceil(math.Sqrt(float64(s.Len()))))
	rows := (s.Len() + columns - 1) / max(1, columns)
	w, h := s.Shape.Width*scale+gap, s.Shape.Height*scale+gap
	size := image.Rect(0, 0, columns*w-gap, rows*h-gap)
	set, picture := s.canvas(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			i, px, py := y/h*columns+x/w, x%w/scale, y%h/scale
			if i < s.Len() && px < s.Shape.Width && py < s.Shape.Height {
				set(x, y, s.colorAt(i, px, py))
			} else {
				set(x, y, color.RGBA{255, 255, 255, 255})
			}
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	return out.Bytes(), err
}

func (s *Set) canvas(size image.Rectangle) (set func(x, y int, c color.Color), picture image.Image) {
	if s.Shape.Channels == 3 {
		rgb := image.NewRGBA(size)
		return rgb.Set, rgb
	}
	gray := image.NewGray(size)
	return gray.Set, gray
}

func (s *Set) colorAt(i, x, y int) color.Color {
	pixel := s.Picture(i)[(y*s.Shape.Width+x)*s.Shape.Channels:]
	level := func(v byte) byte { return byte(math.Round(255 * float64(v) / float64(s.Levels-1))) }
	if s.Shape.Channels == 3 {
		return color.RGBA{level(pixel[0]), level(pixel[1]), level(pixel[2]), 255}
	}
	return color.Gray{level(pixel[0])}
}

// SheetScale returns a scale for [Set.Sheet] at which small pictures can be seen.
func (s *Set) SheetScale() int { return max(1, 64/max(s.Shape.Width, s.Shape.Height)) }
