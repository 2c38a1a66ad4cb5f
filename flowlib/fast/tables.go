package fast

import (
	"fmt"
	"math"
	"sort"

	"normflow/flowlib/knots"
)

// NewTables returns an engine that looks up what the conditioners of f answer, instead
// of working it out: it scores and samples as [New]'s does, at about six times the
// speed, and cannot be trained. It works on the given number of threads, or on all
// processors if that is 0.
func NewTables(f *knots.Flow, threads int) (*Engine, error) {
	d := Flow{Features: 2, Base: Normal{}}
	for _, c := range f.Layers {
		d.Layers = append(d.Layers, tabled(c))
	}
	return New(d, threads)
}

// tabled is a coupling whose conditioner is a table.
type tabled knots.Coupling

func (c tabled) build(e *Engine, m *memory) (builder, error) {
	t, err := newTable(c.Table)
	if err != nil {
		return nil, err
	}
	if c.Frozen != 0 && c.Frozen != 1 {
		return nil, fmt.Errorf("expected 0 or 1 as the frozen feature, found %d", c.Frozen)
	}
	affine := Affine{"tanh", c.MaxLogScale}
	own := &coupling{e: e, frozen: []int{c.Frozen}, moving: []int{1 - c.Frozen}, bound: float32(-c.X[0]), transform: affine}
	return func(p *pool) running {
		return &runningCoupling{coupling: own, in: p.withOnes("in", 1), conditioner: &runningTable{t, p.rows("out", 2)}, transform: affine.start(e, p, 1)}
	}, affine.check()
}

// runningTable is a table at work.
type runningTable struct {
	*table
	out []float32
}

func (r *runningTable) forward(in []float32) []float32 {
	r.answer(r.out[:block], r.out[block:], in[:block])
	return r.out
}

func (r *runningTable) backward(*learner, []float32, []float32, []float32) {
	panic("fast: a table has no weights to train")
}

// table is a [knots.Table] cut up by a regular grid, so that a number finds its piece
// without a search.
type table struct {
	pieces []piece
	first  []uint16 // of each cell: the piece at its left edge
	left   float32  // where the first cell begins
	cells  float32  // for each unit of u
}

// piece is what a conditioner answers from at on: r + u·dr, t + u·dt for u from there.
type piece struct{ at, next, r, dr, t, dt float32 }

const (
	cellsPerKnot = 8 // then few cells hold a knot
	maxPieces    = 1 << 15
)

func newTable(of knots.Table) (*table, error) {
	last := len(of.X) - 1
	if last < 1 || last > maxPieces || len(of.R) != last+1 || len(of.T) != last+1 || !sort.Float64sAreSorted(of.X) || !(of.X[0] == -of.X[last] && of.X[0] < 0) {
		return nil, fmt.Errorf("a table of %d knots with %d and %d answers: expected from 2 to %d knots, rising from -bound to bound, and as many answers", last+1, len(of.R), len(of.T), maxPieces)
	}
	// Knots are where a float32 can be: what the pieces say there is what the
	// network says there, and not beside it.
	t := &table{left: float32(of.X[0])}
	for i, x := range of.X[1:] {
		from, to := float32(of.X[i]), float32(x)
		if from == to {
			continue
		}
		r0, t0 := of.At(float64(from))
		r1, t1 := of.At(float64(to))
		width := float64(to) - float64(from)
		t.pieces = append(t.pieces, piece{from, to, float32(r0), float32((r1 - r0) / width), float32(t0), float32((t1 - t0) / width)})
	}
	t.pieces[len(t.pieces)-1].next = float32(math.Inf(1))
	cells := cellsPerKnot * len(t.pieces)
	t.cells = float32(float64(cells) / (-2 * of.X[0]))
	for cell, k := 0, 0; cell <= cells; cell++ {
		edge := t.left + float32(cell)/t.cells
		for t.pieces[k].next < edge {
			k++
		}
		t.first = append(t.first, uint16(k))
	}
	return t, nil
}

// answer sets r and shift to what the conditioner says of each of u, which lie within
// its bounds. NaN gives NaN.
func (t *table) answer(r, shift, u []float32) {
	shift, u = shift[:len(r)], u[:len(r)]
	most := len(t.first) - 1
	for i, v := range u {
		k := 0
		if cell := int((v - t.left) * t.cells); cell >= 0 { // else NaN
			k = int(t.first[min(cell, most)])
		}
		for v >= t.pieces[k].next {
			k++
		}
		p := &t.pieces[k]
		r[i] = p.r + (v-p.at)*p.dr
		shift[i] = p.t + (v-p.at)*p.dt
	}
}
