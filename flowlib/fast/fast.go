// Package fast scores, samples and trains a RealNVP at the speed of the processor:
// the same computation as package byhand, on blocks of events that stay in the
// cache, with vector instructions, on all cores. It needs neither cgo nor XLA.
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

// Engine holds a RealNVP. It works in float32, so that events are to be standardized
// before, in float64, see package dataset. Its methods may not be called from several
// goroutines at once.
type Engine struct {
	set      *kernel.Set
	threads  int
	features int
	layers   []layer   // z to x
	weights  []float32 // of all layers
	scratch  []*worker // one for each thread
}

// layer is a coupling.
type layer struct {
	frozen, moving []int // features
	dense          []dense
	table          *table // in the place of dense, see [NewTables]
	inputBound     float32
	maxLogScale    float32
}

// dense is one layer of a conditioner. Its weights are a matrix of in + 1 rows,
// the last of which is the biases, stride float32s apart.
type dense struct {
	in, out, stride int
	at              int // where they begin among the weights
}

// narrow outputs take another way in the backward pass, and no padding.
func (d dense) narrow() bool { return d.out < kernel.Lanes }

func (d dense) size() int { return (d.in + 1) * d.stride }

// New returns an engine for f, whose weights are zero, that works on the given number
// of threads, or on all processors if that is 0. The error says what in f does not fit
// together.
func New(f Flow, threads int) (*Engine, error) {
	e := newEngine(f.Features)
	size := 0
	for i, of := range f.Layers {
		l, err := of.plan(f.Features, &size)
		if err != nil {
			return nil, fmt.Errorf("fast: layer %d: %w", i, err)
		}
		e.layers = append(e.layers, l)
	}
	e.weights = aligned(size)
	e.setThreads(threads)
	return e, nil
}

func newEngine(features int) *Engine { return &Engine{set: kernel.Best(), features: features} }

func (e *Engine) setThreads(threads int) {
	if most := runtime.GOMAXPROCS(0); threads < 1 || threads > most {
		threads = most
	}
	e.threads, e.scratch = threads, nil
	for range threads {
		e.scratch = append(e.scratch, e.newWorker())
	}
}

// Weights are the engine's own: what is set in them counts from then on.
func (e *Engine) Weights() Arrays { return e.arrays(e.weights) }

// Features is D.
func (e *Engine) Features() int { return e.features }

// Threads is how many threads the engine works on.
func (e *Engine) Threads() int { return e.threads }

// Kernels names the instructions it works with: avx512, avx2 or portable.
func (e *Engine) Kernels() string { return e.set.Name }

// NumParameters counts the weights.
func (e *Engine) NumParameters() int {
	n, weights := 0, e.Weights()
	for i := range weights.Len() {
		n += weights.Size(i)
	}
	return n
}

func roundUp(n int) int { return (n + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes }
