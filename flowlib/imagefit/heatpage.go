package imagefit

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"slices"

	"gonum.org/v1/gonum/floats"

	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
	"normflow/internal/htmlpage"
	"normflow/internal/show"
)

//go:embed heatpage.html
var heatText string

var heatTemplate = htmlpage.Parse(heatText, nil)

// mostHeated is how many pictures [Model.HeatPage] shows.
const mostHeated = 10

// HeatPage returns an HTML page of the strangest pictures, at most ten, and where each is
// strange, see [Heat]. It loads nothing and runs no script.
func (m *Model) HeatPage(s *Scores, pictures *imageset.Set) ([]byte, error) {
	order := make([]int, pictures.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.LogProb[a], s.LogProb[b]) })
	order = order[:min(mostHeated, len(order))]
	strange := pictures.Take(order)
	strange.Levels = m.Record.Config.Levels
	heat, err := Heat(m.scorer(), strange)
	if err != nil {
		return nil, err
	}
	type row struct {
		Picture, Heat          template.URL
		Name                   string
		PerDim, PValue, Gain   float64
		HottestRow, HottestCol int // from 1
	}
	var rows []row
	maps := heatMaps(strange.Shape, heat)
	for i, at := range order {
		hottest := floats.MaxIdx(heat[i])
		r := row{Name: s.Names[at], PerDim: s.Each[at], PValue: s.PValue[at], Gain: heat[i][hottest],
			HottestRow: hottest/strange.Shape.Width + 1, HottestCol: hottest%strange.Shape.Width + 1}
		for _, part := range []struct {
			url *template.URL
			set *imageset.Set
		}{{&r.Picture, strange}, {&r.Heat, maps}} {
			if *part.url, err = inPage(part.set.Take([]int{i}), 0); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	var page bytes.Buffer
	err = heatTemplate.Execute(&page, map[string]any{"Dir": m.Dir, "N": pictures.Len(), "Rows": rows})
	return []byte(show.Text(page.String())), err
}

// heatMaps returns the heat of each picture as a picture: white where there is none, red
// where it is that picture's largest.
func heatMaps(of imagelayer.Shape, heat [][]float64) *imageset.Set {
	s := &imageset.Set{Shape: imagelayer.Shape{Height: of.Height, Width: of.Width, Channels: 3}, Levels: 256}
	for _, values := range heat {
		top := floats.Max(values)
		for _, v := range values {
			share := 0.0
			if v > 0 {
				share = v / top
			}
			fade := func(to float64) byte { return byte(255 + share*(to-255)) }
			s.Pixels = append(s.Pixels, fade(178), fade(24), fade(43))
		}
	}
	return s
}
