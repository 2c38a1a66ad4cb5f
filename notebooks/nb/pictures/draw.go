package pictures

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/figure"
	"normflow/flowlib/flow"
	"normflow/flowlib/imageset"
)

// Latents returns n draws from the base distribution, [n, D].
func Latents(n, features int, seed int64) [][]float64 {
	rng := rand.New(rand.NewPCG(uint64(seed), 0x91c7))
	z := make([][]float64, n)
	for i := range z {
		z[i] = make([]float64, features)
		for j := range z[i] {
			z[i][j] = rng.NormFloat64()
		}
	}
	return z
}

// draw maps latents, with classes behind them if the flow has any, to pictures.
func (f Fitted) draw(m *flow.Model, z [][]float64) *imageset.Set {
	states := must.M1(m.Forward(z))
	s := &imageset.Set{Shape: f.Config.Image, Levels: f.Config.Levels}
	for _, row := range states[len(states)-1] {
		for _, v := range row {
			s.Pixels = append(s.Pixels, byte(min(max(v, 0), float64(s.Levels-1))))
		}
	}
	return s
}

// Draw maps latents, [n, D], to pictures.
func (f Fitted) Draw(z [][]float64) *imageset.Set { return f.draw(f.model(pureGo()), z) }

func pureGo() compute.Backend { return must.M1(backend.Open("go")) }

// latents maps pictures to latents, by the middle of each level.
func (f Fitted) latents(m *flow.Model, s *imageset.Set) [][]float64 {
	states := must.M1(m.Inverse(middles(s)))
	return states[len(states)-1]
}

// middles returns rows with each number at the middle of its level.
func middles(s *imageset.Set) [][]float64 {
	rows := make([][]float64, s.Len())
	for i := range rows {
		for _, v := range s.Picture(i) {
			rows[i] = append(rows[i], float64(v)+0.5)
		}
	}
	return rows
}

// Temperatures draws the same n latents, scaled by each temperature: a row for each.
func (f Fitted) Temperatures(n int, temperatures ...float64) figure.PicturePanel {
	base := Latents(n, f.Config.Image.Features(), 2)
	var z [][]float64
	panel := figure.PicturePanel{Columns: n}
	for _, t := range temperatures {
		for k, row := range base {
			scaled := make([]float64, len(row))
			for j, v := range row {
				scaled[j] = t * v
			}
			z = append(z, scaled)
			text := ""
			if k == 0 {
				text = fmt.Sprintf("T = %g", t)
			}
			panel.Below = append(panel.Below, text)
		}
	}
	panel.Pictures = ink(f.Draw(z))
	return panel
}

// Between goes from one picture to another in n steps, through the latents and through the
// pixels.
func (f Fitted) Between(from, to []byte, n int) []figure.PicturePanel {
	m := f.model(pureGo())
	ends := f.latents(m, f.set(from, to))
	var z [][]float64
	var mixed []byte
	for k := range n {
		share := float64(k) / float64(n-1)
		z = append(z, arc(ends[0], ends[1], share))
		for j := range from {
			mixed = append(mixed, byte(math.Round((1-share)*float64(from[j])+share*float64(to[j]))))
		}
	}
	return []figure.PicturePanel{
		{Name: "through the latents", Columns: n, Pictures: ink(f.draw(m, z))},
		{Name: "through the pixels", Columns: n, Pictures: ink(f.set(mixed))},
	}
}

// arc is the point at share on the way from a to b that keeps the length of latents: on a
// straight way the middle is as short as no latent is.
func arc(a, b []float64, share float64) []float64 {
	var aa, bb, ab float64
	for j := range a {
		aa, bb, ab = aa+a[j]*a[j], bb+b[j]*b[j], ab+a[j]*b[j]
	}
	angle := math.Acos(min(max(ab/math.Sqrt(aa*bb), -1), 1))
	wa, wb := 1-share, share
	if sin := math.Sin(angle); sin > 1e-6 {
		wa, wb = math.Sin((1-share)*angle)/sin, math.Sin(share*angle)/sin
	}
	out := make([]float64, len(a))
	for j := range out {
		out[j] = wa*a[j] + wb*b[j]
	}
	return out
}

// set holds pictures of the flow's kind.
func (f Fitted) set(pictures ...[]byte) *imageset.Set {
	s := &imageset.Set{Shape: f.Config.Image, Levels: f.Config.Levels}
	for _, p := range pictures {
		s.Pixels = append(s.Pixels, p...)
	}
	return s
}

// ink returns gray pictures as a figure has them: level 0 is paper.
func ink(s *imageset.Set) (pictures [][][]float64) {
	for i := range s.Len() {
		var rows [][]float64
		for j, v := range s.Picture(i) {
			if j%s.Shape.Width == 0 {
				rows = append(rows, nil)
			}
			rows[len(rows)-1] = append(rows[len(rows)-1], float64(v)/float64(s.Levels-1))
		}
		pictures = append(pictures, rows)
	}
	return pictures
}

// Sheet shows the first n pictures of a set.
func Sheet(name string, s *imageset.Set, n, columns int) figure.PicturePanel {
	return figure.PicturePanel{Name: name, Columns: columns, Pictures: ink(s)[:min(n, s.Len())]}
}

// First returns the place of the first picture with a label, or 0.
func First(s *imageset.Set, label int) int {
	for i, l := range s.Labels {
		if l == label {
			return i
		}
	}
	return 0
}
