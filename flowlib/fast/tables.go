package fast

import (
	"fmt"
	"math"
	"sort"

	"normflow/flowlib/knots"
)

// NewTables returns an engine that looks up the answers of the conditioners of f instead
// of computing them. It scores and samples like the engine of [New], about six times as
// fast, and cannot be trained. It uses the given number of threads, 0 for one per
// processor.
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

// runningTable is a table in one thread.
type runningTable struct {
	*table
	out []float32
}

func (r *runningTable) forward(in []float32, _ int) []float32 {
	r.answer(r.out[:block], r.out[block:], in[:block])
	return r.out
}

func (r *runningTable) backward(*learner, []float32, []float32, []float32) {
	panic("fast: a table has no weights to train")
}

// table is a [knots.Table] on a regular grid, so that the piece of a number is found
// without a search.
type table struct {
	pieces []piece
	first  []uint16 // the piece at the left edge of each cell
	left   float32  // left edge of the first cell
	cells  float32  // cells per unit of u
}

// piece is the conditioner's answer from at to next: r + (u-at)·dr and t + (u-at)·dt.
type piece struct{ at, next, r, dr, t, dt float32 }

const (
	cellsPerKnot = 8 // so that few cells hold a knot
	maxPieces    = 1 << 15
)

func newTable(of knots.Table) (*table, error) {
	last := len(of.X) - 1
	if last < 1 || last > maxPieces || len(of.R) != last+1 || len(of.T) != last+1 || !sort.Float64sAreSorted(of.X) || !(of.X[0] == -of.X[last] && of.X[0] < 0) {
		return nil, fmt.Errorf("a table of %d knots with %d and %d answers: expected from 2 to %d knots, rising from -bound to bound, and as many answers", last+1, len(of.R), len(of.T), maxPieces)
	}
	// Knots are rounded to float32, and the pieces computed at the rounded knots, so that
	// they agree with the network there.
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

// answer sets r and shift to the conditioner's answer to each of u, which lie within its
// bounds. NaN gives NaN.
func (t *table) answer(r, shift, u []float32) {
	shift, u = shift[:len(r)], u[:len(r)]
	most := len(t.first) - 1
	for i, v := range u {
		k := 0
		if cell := int((v - t.left) * t.cells); cell >= 0 { // false for NaN
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
