package imageflow

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"normflow/flowlib/flow"
	"normflow/flowlib/imageset"
)

// drawer is a model that draws, such as [flow.Model].
type drawer interface {
	DrawChunks(flow.Sampling) iter.Seq2[flow.Draws, error]
}

// Context is the context of pictures of one class, for a [flow.Sampling] of all of them.
func (c Config) Context(class int) [][]float64 {
	row := make([]float64, c.Classes)
	row[class] = 1
	return [][]float64{row}
}

// Draw draws pictures from m, a model of c, with labels if there are classes. A number
// below 0 becomes 0 and one above the last level that level; outside is how many there
// were: none if c has histograms.
func (c Config) Draw(m drawer, s flow.Sampling) (drawn *imageset.Set, outside int, err error) {
	s.Few = true
	drawn = &imageset.Set{Shape: c.Image, Levels: c.Levels}
	for chunk, err := range m.DrawChunks(s) {
		if err != nil {
			return nil, 0, err
		}
		for _, row := range chunk.X {
			if c.Classes > 0 {
				drawn.Labels = append(drawn.Labels, slices.Index(s.Context[drawn.Len()%len(s.Context)], 1))
			}
			for _, v := range row {
				if math.IsNaN(v) {
					return nil, 0, fmt.Errorf("imageflow: picture %d (from 0) has a pixel that is not a number", drawn.Len())
				}
				if v < 0 || v > float64(c.Levels) {
					outside++
				}
				drawn.Pixels = append(drawn.Pixels, byte(min(max(v, 0), float64(c.Levels-1))))
			}
		}
	}
	return drawn, outside, nil
}
