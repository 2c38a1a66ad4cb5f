package imagefit

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"html/template"
	"slices"

	"gonum.org/v1/gonum/floats"

	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
	"normflow/internal/show"
)

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
	heat, err := Heat(m.model, strange)
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
		r := row{Name: show.Name(s.Names[at]), PerDim: s.Each[at], PValue: s.PValue[at], Gain: heat[i][hottest],
			HottestRow: hottest/strange.Shape.Width + 1, HottestCol: hottest%strange.Shape.Width + 1}
		for _, part := range []struct {
			url *template.URL
			set *imageset.Set
		}{{&r.Picture, strange}, {&r.Heat, maps}} {
			picture, err := part.set.Take([]int{i}).Sheet(2*strange.SheetScale(), 0)
			if err != nil {
				return nil, err
			}
			*part.url = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture))
		}
		rows = append(rows, r)
	}
	var page bytes.Buffer
	err = heatTemplate.Execute(&page, map[string]any{"Model": show.Path(m.Dir), "Pictures": pictures.Len(), "Rows": rows})
	return page.Bytes(), err
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

var heatTemplate = template.Must(template.New("heat").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{{.Model}}: strange pictures</title>
<style>:root{color-scheme:light dark}body{font:16px sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
section{display:flex;flex-wrap:wrap;gap:1rem;align-items:center;margin:1.5rem 0}img{width:8rem;border:1px solid #8c959f;image-rendering:pixelated}p{margin:.3rem 0}</style>
<h1>The strangest of {{.Pictures}} pictures</h1>
<p>By {{.Model}}. Beside each picture, red is where it is strange: by how much its log-density would rise at best if that pixel alone were
another; white is nothing, the darkest red the most in that picture.</p>
{{range .Rows}}<section><img alt="the picture" src="{{.Picture}}"><img alt="where it is strange" src="{{.Heat}}">
<div><p><b>{{.Name}}</b></p><p>{{printf "%.3f" .PerDim}} bits per dimension, p {{printf "%.2g" .PValue}}</p>
{{if .Gain}}<p>hottest: row {{.HottestRow}}, column {{.HottestCol}}, {{printf "%.1f" .Gain}} nats</p>{{end}}</div></section>
{{end}}</html>
`))
