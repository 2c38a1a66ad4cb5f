package figure

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Stage is the state of a flow's points between two layers.
type Stage struct {
	Name   string      // "latent z", "layer 1", "data x": short, since nine fit in a row
	Points [][]float64 // [N, 2]; row i is the same point in every stage
	Latent bool        // draws the circles of a standard normal at 1, 2 and 3 standard deviations
}

// Layers draws a panel per stage, in the given order, with arrows between them and the
// same limits. values, [N], are in [0, 1] and determine the color of each point in all
// stages, so that the eye can follow it. The colors are cyclic, to suit [Angle].
func Layers(info Info, values []float64, stages ...Stage) (SVG, error) {
	if err := info.check("Layers", len(stages)); err != nil {
		return nil, err
	}
	if err := checkValues("Layers: colours", values); err != nil {
		return nil, err
	}
	for i, v := range values {
		if v < 0 || v > 1 {
			return nil, fmt.Errorf("figure: Layers: colours: value %d is %v, expected 0 to 1", i, v)
		}
	}
	var all [][][]float64
	for i, stage := range stages {
		where := "Layers: " + place("stage", i, stage.Name)
		if err := checkPoints(where, stage.Points); err != nil {
			return nil, err
		}
		if len(stage.Points) != len(values) {
			return nil, fmt.Errorf("figure: %s: %d points, but %d colours", where, len(stage.Points), len(values))
		}
		all = append(all, stage.Points)
	}
	view := limits(all...).square()
	s := sheet{info: info, most: 9, gap: 14, aspect: view.aspect()} // a flow of eight layers fits in one row
	if info.Half {
		s.most = 3
	}
	diameter := dotDiameter(len(values), 0.7*s.panelWidth(len(stages)))
	for _, stage := range stages {
		p := newPlot("", "")
		p.Add(frame{}, name{text: stage.Name})
		p.Add(colored{stage.Points, values, diameter})
		if stage.Latent {
			p.Add(circles{1, 2, 3})
		}
		setRange(p, view)
		s.panels = append(s.panels, p)
	}
	s.share()
	columns := s.columns()
	s.decorate = func(c draw.Canvas, areas []vg.Rectangle) {
		for i := 1; i < len(areas); i++ {
			if i%columns != 0 {
				drawArrow(c, areas[i-1].Max.X+3, areas[i].Min.X-3, (areas[i].Min.Y+areas[i].Max.Y)/2)
			}
		}
	}
	return s.render()
}

// Angle returns, for each row of z, its direction from the origin as a share of a full
// turn, in [0, 1), to color it in [Layers].
func Angle(z [][]float64) []float64 {
	out := make([]float64, len(z))
	for i, row := range z {
		turn := math.Atan2(row[1], row[0]) / (2 * math.Pi)
		out[i] = turn - math.Floor(turn)
	}
	return out
}

// colored is a plotter: points colored by a value in [0, 1], one path for each of 36
// colors.
type colored struct {
	points   [][]float64
	values   []float64
	diameter vg.Length
}

// Plot implements [plot.Plotter].
func (s colored) Plot(c draw.Canvas, p *plot.Plot) {
	const colors = 36
	var groups [colors][][]float64
	for i, v := range s.values {
		k := int(v*colors) % colors
		groups[k] = append(groups[k], s.points[i])
	}
	for k, group := range groups {
		if len(group) > 0 {
			dots{group, cyclic(float64(k) / colors), s.diameter}.Plot(c, p)
		}
	}
}

// circles is a plotter: circles around the origin with the given radii, except those that
// do not fit.
type circles []float64

// Plot implements [plot.Plotter].
func (r circles) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	reach := slices.Min([]float64{-p.X.Min, p.X.Max, -p.Y.Min, p.Y.Max})
	for _, radius := range r {
		if radius <= reach {
			length := x(radius) - x(0)
			var path vg.Path
			path.Move(vg.Point{X: x(radius), Y: y(0)})
			path.Arc(vg.Point{X: x(0), Y: y(0)}, length, 0, 2*math.Pi)
			c.SetLineStyle(draw.LineStyle{Color: paper, Width: 2.2}) // sets the circle off from the points below
			c.Stroke(path)
			c.SetLineStyle(draw.LineStyle{Color: ink, Width: 0.9})
			c.Stroke(path)
		}
	}
}

func drawArrow(c draw.Canvas, from, to, y vg.Length) {
	c.StrokeLines(draw.LineStyle{Color: muted, Width: 1.2},
		[]vg.Point{{X: from, Y: y}, {X: to, Y: y}},
		[]vg.Point{{X: to - 3.5, Y: y + 3.5}, {X: to, Y: y}, {X: to - 3.5, Y: y - 3.5}})
}
