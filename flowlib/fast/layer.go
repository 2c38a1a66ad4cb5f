package fast

import "normflow/internal/kernel"

// inverse takes the block in w.v from layer i's data side to its latent side.
func (e *Engine) inverse(w *worker, i int, b *buffers) {
	l := &e.layers[i]
	raw := e.conditioner(w, l, b)
	clear(w.logDet)
	for m, feature := range l.moving {
		v, row := w.v[feature*block:][:block], m*block
		e.set.AffineInverse(v, w.logDet, b.scale[row:][:block], b.slope[row:][:block], v,
			raw[row:][:block], raw[(m+len(l.moving))*block:][:block], l.maxLogScale)
	}
	w.addLogDet()
}

// forward is the opposite.
func (e *Engine) forward(w *worker, i int, b *buffers) {
	l := &e.layers[i]
	raw := e.conditioner(w, l, b)
	clear(w.logDet)
	for m, feature := range l.moving {
		v, row := w.v[feature*block:][:block], m*block
		e.set.AffineForward(v, w.logDet, b.scale[row:][:block], b.slope[row:][:block], v,
			raw[row:][:block], raw[(m+len(l.moving))*block:][:block], l.maxLogScale)
	}
	w.addLogDet()
}

// addLogDet adds the log-determinants of a layer to the total, in float64: over many
// layers and features a float32 would lose digits that engines are to agree in.
func (w *worker) addLogDet() {
	for r, v := range w.logDet {
		w.total[r] += float64(v)
	}
}

// conditioner returns what it says of the moving features, [2M, block].
func (e *Engine) conditioner(w *worker, l *layer, b *buffers) []float32 {
	for i, feature := range l.frozen {
		e.set.Clip(b.in[i*block:][:block], w.v[feature*block:][:block], l.inputBound)
	}
	if l.table != nil {
		raw := b.h[0]
		l.table.answer(raw[:block], raw[block:2*block], b.in[:block])
		return raw
	}
	in := b.in
	for j, d := range l.dense {
		p := &w.product
		*p = kernel.Product{
			M: d.out, K: d.in, N: block,
			Out: b.h[j], LdOut: block,
			W: e.weights[d.at:], StrideI: 1, StrideK: d.stride, // the transposed matrix
			In: in, LdIn: block,
			Start: kernel.Bias, Bias: e.weights[d.at+d.in*d.stride:],
		}
		if j+1 < len(l.dense) {
			p.End = kernel.ReLU
		}
		e.set.Multiply(p)
		in = b.h[j]
	}
	return in
}
