package pictures

import (
	"fmt"
	"math"

	"normflow/flowlib/figure"
	"normflow/flowlib/imagelayer"
)

// Pyramid shows what becomes of one picture: cut into corners by the first squeeze, and as
// latents, those that left first and those of the coarser scales. Latents are shown by
// their quantile: gray is the middle of a normal distribution.
func (f Fitted) Pyramid(picture []byte) []figure.PicturePanel {
	shape := f.Config.Image
	z := f.latents(f.model(pureGo()), f.set(picture))[0]
	panels := []figure.PicturePanel{
		{Name: fmt.Sprintf("a digit, %s", sides(shape)), Columns: 1, Pictures: ink(f.set(picture))},
		{Name: "squeezed", Columns: 2, Pictures: channels(corners(shape, picture, f.Config.Levels))},
	}
	for scale, at := 1, len(z); at > 0; scale++ {
		shape = imagelayer.NewSqueeze2x2(shape).Squeezed()
		name := fmt.Sprintf("latents of scale %d", scale)
		leaving := imagelayer.Shape{Height: shape.Height, Width: shape.Width, Channels: shape.Channels}
		if scale < f.Config.Scales {
			leaving.Channels = shape.Channels - shape.Channels/2
			shape.Channels /= 2
		}
		from := at - leaving.Features()
		panels = append(panels, figure.PicturePanel{Name: name, Columns: leaving.Channels / scale, Pictures: channels(leaving, quantiles(z[from:at]))})
		at = from
	}
	return panels
}

func sides(s imagelayer.Shape) string { return fmt.Sprintf("%d×%d", s.Height, s.Width) }

// corners is the squeeze, in pixels from 0 to 1: a block of 2×2 pixels becomes the
// channels of one.
func corners(shape imagelayer.Shape, picture []byte, levels int) (imagelayer.Shape, []float64) {
	squeezed := imagelayer.NewSqueeze2x2(shape).Squeezed()
	values := make([]float64, len(picture))
	for i, v := range picture {
		y, x := i/shape.Width, i%shape.Width
		values[(y/2*squeezed.Width+x/2)*squeezed.Channels+y%2*2+x%2] = float64(v) / float64(levels-1)
	}
	return squeezed, values
}

// channels returns each channel as a picture.
func channels(shape imagelayer.Shape, values []float64) (pictures [][][]float64) {
	for c := range shape.Channels {
		picture := make([][]float64, shape.Height)
		for y := range picture {
			for x := range shape.Width {
				picture[y] = append(picture[y], values[(y*shape.Width+x)*shape.Channels+c])
			}
		}
		pictures = append(pictures, picture)
	}
	return pictures
}

func quantiles(z []float64) []float64 {
	out := make([]float64, len(z))
	for i, v := range z {
		out[i] = 0.5 * math.Erfc(-v/math.Sqrt2)
	}
	return out
}

// Redrawn shows a picture and n of its kin twice: with the latents that left first drawn
// anew and those of the coarser scales kept, and the other way round.
func (f Fitted) Redrawn(picture []byte, n int) []figure.PicturePanel {
	m := f.model(pureGo())
	z := f.latents(m, f.set(picture))[0]
	coarse := len(z) / 2 // the latents begin with those of the coarser scales
	mixed := func(keep func(j int) bool) [][][]float64 {
		rows := Latents(n, len(z), 4)
		for _, row := range rows {
			for j := range row {
				if keep(j) {
					row[j] = z[j]
				}
			}
		}
		return append(ink(f.set(picture)), ink(f.draw(m, rows))...)
	}
	return []figure.PicturePanel{
		{Name: "fine latents drawn anew", Columns: n + 1, Pictures: mixed(func(j int) bool { return j < coarse })},
		{Name: "coarse latents drawn anew", Columns: n + 1, Pictures: mixed(func(j int) bool { return j >= coarse })},
	}
}
