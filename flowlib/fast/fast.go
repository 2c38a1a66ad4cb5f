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

	"normflow/flowlib/byhand"
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

// New returns an engine with a copy of the weights of f that works on the given
// number of threads, or on all processors if that is 0. The error says what in f
// does not fit together.
func New(f *byhand.Flow[float32], threads int) (*Engine, error) {
	e := newEngine(f.Features)
	size := 0
	for i, c := range f.Layers {
		l, err := newLayer(c, f.Features, &size)
		if err != nil {
			return nil, fmt.Errorf("fast: layer %d: %w", i, err)
		}
		e.layers = append(e.layers, l)
	}
	e.weights = aligned(size)
	if err := e.SetWeights(f); err != nil {
		return nil, err
	}
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

// newLayer lays out the weights of c from *size on, which it moves behind them.
func newLayer(c byhand.Coupling[float32], features int, size *int) (layer, error) {
	l := layer{inputBound: float32(c.InputBound), maxLogScale: float32(c.MaxLogScale)}
	if len(c.Mask) != features {
		return l, fmt.Errorf("a mask of %d for %d features", len(c.Mask), features)
	}
	if !(c.InputBound > 0) || !(c.MaxLogScale > 0) || c.MaxLogScale > maxLogScale {
		return l, fmt.Errorf("input bound %g and log-scale bound %g: want them positive, and the second at most %d", c.InputBound, c.MaxLogScale, maxLogScale)
	}
	for i, frozen := range c.Mask {
		if frozen {
			l.frozen = append(l.frozen, i)
		} else {
			l.moving = append(l.moving, i)
		}
	}
	if len(l.moving) == 0 || len(c.Conditioner) == 0 {
		return l, fmt.Errorf("%d moving features and a conditioner of %d layers: want at least one of each", len(l.moving), len(c.Conditioner))
	}
	in := max(1, len(l.frozen)) // with nothing frozen the conditioner reads a one
	for i, d := range c.Conditioner {
		if d.In != in || d.Out < 1 || len(d.W) != d.In*d.Out || len(d.B) != d.Out {
			return l, fmt.Errorf("dense layer %d of the conditioner maps %d to %d with %d weights and %d biases; %d inputs reach it", i, d.In, d.Out, len(d.W), len(d.B), in)
		}
		own := dense{in: d.In, out: d.Out, stride: d.Out, at: *size}
		if !own.narrow() {
			own.stride = roundUp(d.Out)
		}
		*size += roundUp(own.size())
		l.dense = append(l.dense, own)
		in = d.Out
	}
	if in != 2*len(l.moving) {
		return l, fmt.Errorf("the conditioner gives %d numbers for %d moving features, want two for each", in, len(l.moving))
	}
	return l, nil
}

// maxLogScale keeps exp(s) within a float32.
const maxLogScale = 80

// SetWeights takes over the weights of f, which must have the architecture of the
// engine.
func (e *Engine) SetWeights(f *byhand.Flow[float32]) error { return e.take(e.weights, f) }

// take copies the numbers in f to where its weights are among all.
func (e *Engine) take(all []float32, f *byhand.Flow[float32]) error {
	return e.eachDense(f, func(own dense, theirs *byhand.Dense[float32]) {
		for i := range own.in {
			copy(all[own.at+i*own.stride:], theirs.W[i*own.out:][:own.out])
		}
		copy(all[own.at+own.in*own.stride:], theirs.B)
	})
}

// Weights writes the weights to f, which must have the architecture of the engine.
func (e *Engine) Weights(f *byhand.Flow[float32]) error { return e.export(e.weights, f) }

// export is the opposite of take.
func (e *Engine) export(all []float32, f *byhand.Flow[float32]) error {
	return e.eachDense(f, func(own dense, theirs *byhand.Dense[float32]) {
		for i := range own.in {
			copy(theirs.W[i*own.out:][:own.out], all[own.at+i*own.stride:])
		}
		copy(theirs.B, all[own.at+own.in*own.stride:])
	})
}

func (e *Engine) eachDense(f *byhand.Flow[float32], do func(own dense, theirs *byhand.Dense[float32])) error {
	if len(f.Layers) != len(e.layers) {
		return fmt.Errorf("fast: weights of %d layers for %d", len(f.Layers), len(e.layers))
	}
	for i, l := range e.layers {
		c := f.Layers[i].Conditioner
		if len(c) != len(l.dense) {
			return fmt.Errorf("fast: layer %d: a conditioner of %d dense layers, want %d", i, len(c), len(l.dense))
		}
		for j, own := range l.dense {
			if d := &c[j]; d.In != own.in || d.Out != own.out || len(d.W) != own.in*own.out || len(d.B) != own.out {
				return fmt.Errorf("fast: layer %d, dense layer %d: it maps %d to %d with %d weights and %d biases, want %d to %d", i, j, d.In, d.Out, len(d.W), len(d.B), own.in, own.out)
			}
		}
	}
	for i, l := range e.layers {
		for j, own := range l.dense {
			do(own, &f.Layers[i].Conditioner[j])
		}
	}
	return nil
}

// Features is D.
func (e *Engine) Features() int { return e.features }

// Threads is how many threads the engine works on.
func (e *Engine) Threads() int { return e.threads }

// Kernels names the instructions it works with: avx512, avx2 or portable.
func (e *Engine) Kernels() string { return e.set.Name }

// NumParameters counts the weights.
func (e *Engine) NumParameters() int {
	n := 0
	for _, l := range e.layers {
		for _, d := range l.dense {
			n += (d.in + 1) * d.out
		}
	}
	return n
}

func roundUp(n int) int { return (n + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes }
