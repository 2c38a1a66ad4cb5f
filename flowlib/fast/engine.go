// Package fast scores, samples and trains the flows of the zoo, and chains of their
// parts, at the speed of the processor. It computes what packages bijector and base build
// as graphs, with gradients derived by hand, on blocks of events that fit in the cache,
// with vector instructions, on all cores, and needs neither cgo nor XLA. Package byhand
// has the derivation for RealNVP, package kernel that for the spline.
//
// Internally a block is a matrix with a row for each feature or unit and a column for
// each of 64 events, so that each operation works on vectors of events.
package fast

import (
	"fmt"
	"runtime"

	"normflow/internal/kernel"
)

// Engine holds a flow. It works in float32, so events must be standardized before, in
// float64; see package dataset. Its methods must not be called from several goroutines at
// once.
type Engine struct {
	set      *kernel.Set
	threads  int
	features int
	context  int
	arrays   []array
	weights  []float32 // of all layers and the base
	layers   []builder // z to x
	base     baseBuilder
	scratch  []*worker // one per thread
}

// New returns an engine for f with all weights zero, which uses the given number of
// threads, 0 for one per processor. It returns an error if the parts of f do not fit
// together.
func New(f Flow, threads int) (*Engine, error) {
	e := &Engine{set: kernel.Best(), features: f.Features, context: f.Context}
	if f.Features < 1 || f.Context < 0 {
		return nil, fmt.Errorf("fast: expected at least 1 feature and no negative context, found %d and %d", f.Features, f.Context)
	}
	var m memory
	for i, layer := range f.Layers {
		m.prefix = fmt.Sprintf("%02d/", i)
		b, err := layer.build(e, &m)
		if err != nil {
			return nil, fmt.Errorf("fast: layer %d: %w", i, err)
		}
		e.layers = append(e.layers, b)
	}
	m.prefix = "base/"
	var err error
	if e.base, err = f.Base.buildBase(e, &m); err != nil {
		return nil, fmt.Errorf("fast: base: %w", err)
	}
	e.arrays, e.weights = m.arrays, aligned(m.size)
	e.setThreads(threads)
	return e, nil
}

func (e *Engine) setThreads(threads int) {
	if most := runtime.GOMAXPROCS(0); threads < 1 || threads > most {
		threads = most
	}
	e.threads, e.scratch = threads, nil
	for range threads {
		e.scratch = append(e.scratch, e.newWorker(newPool(false)))
	}
}

// Weights returns the engine's own weights: changes take effect at once.
func (e *Engine) Weights() Arrays { return Arrays{e.arrays, e.weights} }

// Features returns D.
func (e *Engine) Features() int { return e.features }

// Context returns C.
func (e *Engine) Context() int { return e.context }

// columns returns the width of a row, D+C.
func (e *Engine) columns() int { return e.features + e.context }

// Threads returns how many threads the engine uses.
func (e *Engine) Threads() int { return e.threads }

// Kernels names the instructions the engine uses: avx512, avx2, neon or portable.
func (e *Engine) Kernels() string { return e.set.Name }

// NumParameters returns the number of weights.
func (e *Engine) NumParameters() int {
	n := 0
	for _, a := range e.arrays {
		if !a.fixed {
			n += a.rows * a.cols
		}
	}
	return n
}
