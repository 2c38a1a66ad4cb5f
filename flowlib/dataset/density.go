// Package dataset provides toy densities whose log-density and entropy are known
// exactly, and what a table of numbers needs before training: splits and a
// standardizer.
package dataset

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"normflow/internal/nearest"
)

// Density is a distribution over R^D that can be sampled and scored exactly,
// so that a flow trained on its samples can be compared with the truth.
type Density struct {
	Name     string
	Features int     // D
	Entropy  float64 // in nats: the smallest NLL any model can reach on fresh data
	// Box holds, for each feature, an interval such that less than 1e-6 of the
	// mass lies outside the box: the window of pictures and of quadrature.
	Box [][2]float64

	draw    func(rng *rand.Rand, x []float64) // fills one event
	logProb func(x []float64) float64         // of one finite event
}

// Sample draws n events, [n, D]. The same seed gives the same events.
func (d *Density) Sample(seed int64, n int) [][]float64 {
	x := newRows(n, d.Features)
	next := 0
	for event := range d.Events(seed) {
		if next == n {
			break
		}
		copy(x[next], event)
		next++
	}
	return x
}

// Events yields the events of Sample without end. Each overwrites the previous one.
func (d *Density) Events(seed int64) iter.Seq[[]float64] {
	return func(yield func([]float64) bool) {
		rng := rand.New(rand.NewPCG(uint64(seed), 0x5eed))
		x := make([]float64, d.Features)
		for {
			clear(x)
			d.draw(rng, x)
			if !yield(x) {
				return
			}
		}
	}
}

// LogProb returns the exact log-density of each row of x, in nats. It is -Inf outside
// the support, at infinity and where squares overflow, and NaN for a row that holds
// NaN. It panics unless every row has D features.
func (d *Density) LogProb(x [][]float64) []float64 {
	logProb := make([]float64, len(x))
	for i, row := range x {
		if len(row) != d.Features {
			panic(fmt.Sprintf("dataset: %s has %d features, row %d has %d", d.Name, d.Features, i, len(row)))
		}
		logProb[i] = d.score(row)
	}
	return logProb
}

func (d *Density) score(row []float64) float64 {
	switch {
	case slices.ContainsFunc(row, math.IsNaN):
		return math.NaN() // not -Inf, which would pass for an event of density 0
	case slices.ContainsFunc(row, func(v float64) bool { return math.IsInf(v, 0) }):
		return math.Inf(-1)
	}
	return d.logProb(row)
}

// LogProbTo sets dst, [n], to the log-density of the rows of x, [n, D], in nats. It
// returns an error if the dimensions do not match.
func (d *Density) LogProbTo(dst []float64, x *mat.Dense) error {
	n, width := x.Dims()
	if n != len(dst) || n > 0 && width != d.Features {
		return fmt.Errorf("dataset: %s has %d features, found %d rows of %d for %d log-densities", d.Name, d.Features, n, width, len(dst))
	}
	for i := range dst {
		dst[i] = d.score(x.RawRowView(i))
	}
	return nil
}

// Densities returns the toy densities of this package.
func Densities() []*Density {
	return []*Density{
		TwoMoons(0.05), TwoMoons(0.1), Checkerboard(),
		EightGaussians(), Pinwheel(), Spirals(), Rings(), Circles(), SwissRoll(),
	}
}

// ByName returns the density called name. The error lists the known names.
func ByName(name string) (*Density, error) {
	var names []string
	for _, d := range Densities() {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	return nil, errors.New("dataset: " + nearest.Unknown("density", name, names))
}

// newRows returns n rows of d zeros that share one block of memory.
func newRows(n, d int) [][]float64 {
	flat := make([]float64, n*d)
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = flat[i*d : (i+1)*d : (i+1)*d]
	}
	return rows
}

// Square returns Box widened to a square with the same center.
func (d *Density) Square() (box [][2]float64) {
	half := 0.0
	for _, side := range d.Box {
		half = max(half, (side[1]-side[0])/2)
	}
	for _, side := range d.Box {
		middle := (side[0] + side[1]) / 2
		box = append(box, [2]float64{middle - half, middle + half})
	}
	return box
}
