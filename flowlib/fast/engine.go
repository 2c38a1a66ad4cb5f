// Package fast scores, samples and trains the flows of the zoo, and chains of their
// parts, at the speed of the processor: the same computation as packages bijector and
// base build as graphs, with gradients derived by hand, on blocks of events that stay in
// the cache, with vector instructions, on all cores. It needs neither cgo nor XLA.
// Package byhand has the derivation for RealNVP, package kernel that of the spline.
//
// Inside, a block is a matrix with a row for each feature or unit and a column for
// each of 64 events: whatever the layer does to a feature it then does to a vector
// of events.
package fast

import (
	"fmt"
	"runtime"

	"normflow/internal/kernel"
)

// Engine holds a flow. It works in float32, so that events are to be standardized
// before, in float64, see package dataset. Its methods may not be called from several
// goroutines at once.
type Engine struct {
	set      *kernel.Set
	threads  int
	features int
	context  int
	arrays   []array
	weights  []float32 // of all layers and the base
	layers   []builder // z to x
	base     baseBuilder
	scratch  []*worker // one for each thread
}

// New returns an engine for f with all weights zero, which works on the given number
// of threads, or on all processors if that is 0. The error says what in f does not fit
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

// Weights are the engine's own: what is set in them counts from then on.
func (e *Engine) Weights() Arrays { return Arrays{e.arrays, e.weights} }

// Features is D.
func (e *Engine) Features() int { return e.features }

// Context is C.
func (e *Engine) Context() int { return e.context }

// columns is the width of a row: D+C.
func (e *Engine) columns() int { return e.features + e.context }

// Threads is how many threads the engine works on.
func (e *Engine) Threads() int { return e.threads }

// Kernels names the instructions it works with: avx512, avx2 or portable.
func (e *Engine) Kernels() string { return e.set.Name }

// NumParameters counts the weights.
func (e *Engine) NumParameters() int {
	n := 0
	for _, a := range e.arrays {
		if !a.fixed {
			n += a.rows * a.cols
		}
	}
	return n
}
