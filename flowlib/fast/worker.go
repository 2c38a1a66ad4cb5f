package fast

import (
	"unsafe"

	"normflow/internal/kernel"
)

const block = kernel.Block

// worker is the memory of one thread, all of it taken before the work begins.
type worker struct {
	v      []float32 // [D, block]: the events on their way through the layers
	logDet []float32 // [block]: of a layer
	total  []float64 // [block]: of all layers so far
	layers []*buffers
	// What the calls to kernels are described in.
	product kernel.Product
}

// buffers are what a layer computes for a block. Layers of one shape share them
// where nothing of it is needed afterwards.
type buffers struct {
	in           []float32   // [F+1, block]: what the conditioner sees, and a row of ones for the biases
	h            [][]float32 // [out+1, block] of each dense layer, with ones, the last one's without
	scale, slope []float32   // [M, block]
	z            []float32   // [M, block]: the moving features behind the layer
}

func (e *Engine) newWorker() *worker {
	w := &worker{v: aligned(e.features * block), logDet: aligned(block), total: make([]float64, block)}
	type shape struct{ frozen, moving, dense int }
	shared := map[shape]*buffers{}
	for _, l := range e.layers {
		s := shape{len(l.frozen), len(l.moving), l.widths()}
		if shared[s] == nil {
			shared[s] = l.newBuffers()
		}
		w.layers = append(w.layers, shared[s])
	}
	return w
}

// widths is equal for conditioners of equal widths: all layers of a flow have the
// same hidden ones, or none is shared.
func (l *layer) widths() int {
	code := 0
	for _, d := range l.dense {
		code = code*1_000_003 + d.out
	}
	return code
}

func (l *layer) newBuffers() *buffers {
	inputs := max(1, len(l.frozen)) // with nothing frozen the conditioner reads a one
	b := &buffers{in: aligned((inputs + 1) * block), scale: aligned(len(l.moving) * block), slope: aligned(len(l.moving) * block), z: aligned(len(l.moving) * block)}
	ones(b.in[inputs*block:])
	if len(l.frozen) == 0 {
		ones(b.in)
	}
	if l.table != nil {
		b.h = [][]float32{aligned(2 * block)}
	}
	for _, d := range l.dense {
		h := aligned((d.out + 1) * block)
		ones(h[d.out*block:])
		b.h = append(b.h, h)
	}
	return b
}

func ones(s []float32) {
	for i := range s {
		s[i] = 1
	}
}

// aligned returns n zeros that begin at a cache line: vectors that straddle two
// lines take twice as long to load.
func aligned(n int) []float32 {
	const line = 64
	s := make([]float32, n+line/4)
	skip := 0
	if n > 0 {
		skip = int(-uintptr(unsafe.Pointer(&s[0])) % line / 4)
	}
	return s[skip:][:n:n]
}
