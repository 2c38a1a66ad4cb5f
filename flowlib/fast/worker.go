package fast

import "normflow/internal/kernel"

const block = kernel.Block

// worker holds what one thread needs to take blocks of events through the flow.
type worker struct {
	v       []float32 // [D, block]: the events between layers
	context []float32 // [C, block]
	logDet  []float32 // [block]: of a layer
	total   []float64 // [block]: of all layers so far
	used    int       // columns with events, rounded up to a vector: networks leave the others as they are
	layers  []running
	base    runningBase
}

func (e *Engine) newWorker(p *pool) *worker {
	w := &worker{v: aligned(e.features * block), context: aligned(e.context * block), logDet: aligned(block), total: make([]float64, block), used: block}
	for _, start := range e.layers {
		w.layers = append(w.layers, start(p))
	}
	w.base = e.base(p)
	return w
}

// prepare computes what depends on the weights only.
func (w *worker) prepare() {
	for _, layer := range w.layers {
		layer.prepare()
	}
	w.base.prepare()
}

// inverse takes the block from events to latents, and sets total to the log-determinant.
func (w *worker) inverse() {
	clear(w.total)
	for i := len(w.layers) - 1; i >= 0; i-- {
		w.layers[i].inverse(w)
	}
}

// forward takes the block from latents to events, and adds to total.
func (w *worker) forward() {
	for _, layer := range w.layers {
		layer.forward(w)
	}
}

func (w *worker) addLogDet() {
	for i, v := range w.logDet {
		w.total[i] += float64(v)
	}
}

func (w *worker) addToTotal(logDet float64) {
	for i := range w.total {
		w.total[i] += logDet
	}
}

// load copies rows of x, [count, D+C], to columns; the last one fills up the block.
func (w *worker) load(x []float32, count int) {
	w.used = roundUp(count)
	features, context := len(w.v)/block, len(w.context)/block
	columns := features + context
	take := func(v []float32, column int) {
		for r := range count {
			v[r] = x[r*columns+column]
		}
		for r := count; r < block; r++ {
			v[r] = v[count-1]
		}
	}
	for f := range features {
		take(w.v[f*block:][:block], f)
	}
	for c := range context {
		take(w.context[c*block:][:block], features+c)
	}
}

// store copies the events of the block to x, [count, D].
func (w *worker) store(x []float32, count int) {
	features := len(w.v) / block
	for f := range features {
		v := w.v[f*block:][:block]
		for r := range count {
			x[r*features+f] = v[r]
		}
	}
}
