package tabular

import (
	"math/rand/v2"
	"slices"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/table"
)

// watch collects, while a table is judged, what to warn about.
type watch struct {
	known      recognizer
	conditions []condition
	unknown    []unknown
	// sample holds rows as they are in the file, each with the same probability.
	sample [][]float64
	rows   int
	rng    *rand.Rand
	// strange counts rows less likely than low, below which lies a share expected of the
	// rows held out at the fit.
	strange       int64
	low, expected float64
}

// watched is how many rows are kept to compare the columns with those of the fit.
const watched = 1000

func (m *Model) newWatch() *watch {
	w := &watch{rng: rand.New(rand.NewPCG(1, 0x3a7c))}
	w.unknown = m.watchLevels()
	r := m.Record
	if r == nil {
		return w
	}
	if !r.manyRepeats() {
		w.known.sketch = r.Sketch
	}
	w.conditions = r.conditions()
	if scores := r.Calibration.all(); len(scores) > 0 {
		k := max(1, anomaly.Rank(len(scores), 0.01))
		w.low, w.expected = scores[k-1]-slack(scores[k-1]), float64(k)/float64(len(scores)+1)
	}
	return w
}

// see takes in rows before noise is added to them.
func (w *watch) see(c *table.Chunk) {
	for i := range c.Len() {
		row := c.Row(i)
		w.known.add(row)
		w.rows++
		if len(w.sample) < watched {
			w.sample = append(w.sample, slices.Clone(row))
		} else if at := w.rng.IntN(w.rows); at < watched {
			w.sample[at] = slices.Clone(row)
		}
		for k := range w.unknown {
			w.unknown[k].add(row, c.Lines[i])
		}
		for k := range w.conditions {
			w.conditions[k].add(row, c.Lines[i])
		}
	}
}

func (w *watch) score(logProb []float64) {
	for _, lp := range logProb {
		if w.expected > 0 && lp < w.low {
			w.strange++
		}
	}
}

// manyRepeats reports whether rows of the fit's table often equal each other, as rows of
// whole numbers do: then equal rows mean nothing.
func (r *Record) manyRepeats() bool { return 20*r.Summary.Repeats >= r.Summary.Compared }
