package fast

import "normflow/internal/kernel"

// backward is the backward pass of Engine.inverse: it turns l.d from dL/dz to dL/dx
// and adds dL/dw to the gradient, by the chain rule from the transform back through
// the conditioner. The derivation is package byhand's.
func (e *Engine) backward(l *learner, layer *layer, b *buffers) {
	numMoving, last := len(layer.moving), len(layer.dense)-1
	d := l.dh[last] // dL/draw, [2M, block]
	for m, feature := range layer.moving {
		row := m * block
		e.set.AffineBackward(d[row:][:block], d[(m+numMoving)*block:][:block], l.d[feature*block:][:block],
			b.z[row:][:block], b.scale[row:][:block], b.slope[row:][:block], l.weight)
	}
	for j := last; j >= 0; j-- {
		in, dIn := b.in, l.dIn
		if j > 0 {
			in, dIn = b.h[j-1], l.dh[j-1]
		}
		e.backwardWeights(l, layer.dense[j], in, d)
		if j == 0 && len(layer.frozen) == 0 {
			return
		}
		e.backwardData(l, layer.dense[j], in, d, dIn, j > 0)
		d = dIn
	}
	for i, feature := range layer.frozen {
		e.set.ClipBackward(l.d[feature*block:][:block], d[i*block:][:block], b.in[i*block:][:block], layer.inputBound)
	}
}

// backwardWeights adds dL/dW = in·dᵀ; in has a row of ones, which adds dL/db.
func (e *Engine) backwardWeights(l *learner, layer dense, in, d []float32) {
	gradient := l.gradient[layer.at:][:layer.size()]
	if layer.narrow() {
		e.set.Dots(gradient, in, d, layer.in+1, layer.out)
		return
	}
	clear(d[layer.out*block : layer.stride*block]) // rows of padding
	e.set.Transpose(l.turned, d, layer.stride)
	l.product = kernel.Product{
		M: layer.in + 1, K: block, N: layer.stride,
		Out: gradient, LdOut: layer.stride,
		W: in, StrideI: block, StrideK: 1,
		In: l.turned, LdIn: layer.stride,
		Start: kernel.Add,
	}
	e.set.Multiply(&l.product)
}

// backwardData sets dIn = W·d, and to zero where a ReLU was.
func (e *Engine) backwardData(l *learner, layer dense, in, d, dIn []float32, relu bool) {
	l.product = kernel.Product{
		M: layer.in, K: layer.out, N: block,
		Out: dIn, LdOut: block,
		W: e.weights[layer.at:], StrideI: layer.stride, StrideK: 1,
		In: d, LdIn: block,
	}
	if relu {
		l.product.End, l.product.Mask = kernel.Mask, in
	}
	e.set.Multiply(&l.product)
}
