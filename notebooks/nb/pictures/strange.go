package pictures

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/janpfeifer/must"

	"normflow/flowlib/figure"
	"normflow/flowlib/imagefit"
	"normflow/flowlib/imageset"
	"normflow/notebooks/nb/runs"
)

// byCost returns the places of the test digits, the cheapest first.
func (s Scored) byCost() []int {
	order := upTo(len(s.Test))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.Test[a], s.Test[b]) })
	return order
}

// Extremes shows the n most and the n least likely test digits, with their bits per
// dimension.
func (s Scored) Extremes(n int) []figure.PicturePanel {
	order := s.byCost()
	n = min(n, len(order))
	panel := func(name string, at []int) figure.PicturePanel {
		p := Sheet(name, s.parts.Test.Take(at), n, n)
		for _, i := range at {
			p.Below = append(p.Below, fmt.Sprintf("%.2f", s.Test[i]))
		}
		return p
	}
	strangest := slices.Clone(order[len(order)-n:])
	slices.Reverse(strangest)
	return []figure.PicturePanel{panel("the likeliest", order[:n]), panel("the strangest", strangest)}
}

// Damage turns a block of 2×2 pixels of each of the n test digits in the middle of all by
// cost from paper to ink, or the other way round.
func (s Scored) Damage(n int) *imageset.Set {
	order := s.byCost()
	n = min(n, len(order))
	damaged := s.parts.Test.Take(order[(len(order)-n)/2:][:n])
	w, h := damaged.Shape.Width, damaged.Shape.Height
	for i := range n {
		y, x := 1+i*3%(h-3), 1+i*2%(w-3)
		for _, j := range []int{y*w + x, y*w + x + 1, (y+1)*w + x, (y+1)*w + x + 1} {
			damaged.Picture(i)[j] = byte(damaged.Levels-1) - damaged.Picture(i)[j]
		}
	}
	return damaged
}

// HeatPanels shows pictures, and where the flow finds them strange: each from nothing to
// its own largest gain, which stands below in nats.
func (f Fitted) HeatPanels(s *imageset.Set) []figure.PicturePanel {
	heat := must.M1(imagefit.Heat(f.model(runs.Backend()), s))
	where := figure.PicturePanel{Name: "where they are strange", Columns: s.Len(), Heat: true}
	for _, values := range heat {
		top := slices.Max(values)
		where.Below = append(where.Below, fmt.Sprintf("%.1f nats", top))
		picture := make([][]float64, s.Shape.Height)
		for j, v := range values {
			share := 0.0
			if v > 0 {
				share = v / top
			}
			picture[j/s.Shape.Width] = append(picture[j/s.Shape.Width], share)
		}
		where.Pictures = append(where.Pictures, picture)
	}
	return []figure.PicturePanel{Sheet("damaged digits", s, s.Len(), s.Len()), where}
}
