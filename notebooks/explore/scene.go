package explore

import (
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/figure"
)

const (
	cells  = 112    // of a density picture, in each direction
	events = 10_000 // to judge a flow; the same for every seed
	few    = 4_000  // of those, during training
	draws  = 1_200  // in a picture
)

// scene is what all flows on one density share.
type scene struct {
	density *dataset.Density
	truth   figure.DensityPanel
	places  [][]float64 // the centers of its cells, row by row
	test    [][]float64 // events, [events, 2]
	logProb []float64   // their exact log-densities
}

func newScene(name string) (*scene, error) {
	d, err := dataset.ByName(name)
	if err != nil {
		return nil, err
	}
	s := &scene{density: d, test: d.Draw(0, 1, 1, events).Test}
	s.logProb = d.LogProb(s.test)
	g, err := density.NewGrid(d, d.Square(), cells)
	if err != nil {
		return nil, err
	}
	s.truth = figure.DensityPanel{Name: "truth", Values: g.Values, XMin: g.XMin, XMax: g.XMax, YMin: g.YMin, YMax: g.YMax}
	for j := range cells {
		for i := range cells {
			s.places = append(s.places, []float64{
				g.XMin + (float64(i)+0.5)*(g.XMax-g.XMin)/cells,
				g.YMin + (float64(j)+0.5)*(g.YMax-g.YMin)/cells,
			})
		}
	}
	return s, nil
}
