package fast

import (
	"fmt"

	"normflow/internal/kernel"
)

// network is a conditioner.
type network struct {
	e        *Engine
	act      *activation // nil is relu
	residual bool
	dense    []dense // in the order of use
}

func (n Network) build(e *Engine, m *memory, inputs, outputs int) (*network, error) {
	own := &network{e: e, residual: n.Residual}
	if n.Activation != "" && n.Activation != "relu" {
		if own.act = activations[n.Activation]; own.act == nil {
			return nil, fmt.Errorf("unknown activation %q", n.Activation)
		}
	}
	for _, width := range n.Hidden {
		if width < 1 || n.Residual && width != n.Hidden[0] {
			return nil, fmt.Errorf("hidden widths must be positive, and equal in residual blocks, found %v", n.Hidden)
		}
	}
	add := func(name string, in, out int) {
		own.dense = append(own.dense, m.dense("conditioner/"+name, in, out))
	}
	if !n.Residual {
		for j, width := range n.Hidden {
			add(fmt.Sprintf("hidden_%d", j), inputs, width)
			inputs = width
		}
		add("out", inputs, outputs)
		return own, nil
	}
	if len(n.Hidden) == 0 {
		return nil, fmt.Errorf("expected at least one residual block")
	}
	width := n.Hidden[0]
	add("in", inputs, width)
	for j := range n.Hidden {
		add(fmt.Sprintf("block_%d/hidden_0", j), width, width)
		add(fmt.Sprintf("block_%d/hidden_1", j), width, width)
	}
	add("out", width, outputs)
	return own, nil
}

// runningNetwork is a network in one thread. before and after hold the inputs of each
// dense layer but the first, before and after the activation, with a row of ones at the
// end. For an MLP with relu before is nil; for any MLP both begin with the input of the
// second layer.
type runningNetwork struct {
	*network
	before, after [][]float32
	out           []float32
	columns       int // of the block, that hold events
	product       kernel.Product
	// for the backward pass
	d, turned []float32
	dh        [][]float32
}

func (n *network) start(p *pool) *runningNetwork {
	r := &runningNetwork{network: n, out: p.rows("out", n.dense[len(n.dense)-1].out)}
	widest := 0
	for j, d := range n.dense {
		widest = max(widest, roundUp(d.out))
		if j == 0 {
			continue
		}
		if n.act != nil || n.residual {
			r.before = append(r.before, p.withOnes(fmt.Sprintf("before %d", j), d.in))
		}
		r.after = append(r.after, p.withOnes(fmt.Sprintf("after %d", j), d.in))
	}
	if p.trains {
		r.d, r.turned = p.scratch("d", widest), p.scratch("turned", widest)
		for j := range n.dense {
			r.dh = append(r.dh, p.scratch(fmt.Sprintf("dh %d", j), widest))
		}
	}
	return r
}

func (r *runningNetwork) forward(in []float32, columns int) []float32 {
	if columns < r.columns { // no old answer may move what lies in the others beyond float32
		clear(r.out)
	}
	r.columns = columns
	last := len(r.dense) - 1
	if r.residual {
		return r.forwardResidual(in)
	}
	for j, d := range r.dense[:last] {
		if r.act == nil {
			r.apply(d, in, r.after[j], kernel.ReLU)
		} else {
			r.apply(d, in, r.before[j], kernel.None)
			r.activate(r.after[j], r.before[j], d.out)
		}
		in = r.after[j]
	}
	r.apply(r.dense[last], in, r.out, kernel.None)
	return r.out
}

// forwardResidual keeps the running sum of the blocks in every second element of before.
func (r *runningNetwork) forwardResidual(in []float32) []float32 {
	last := len(r.dense) - 1
	r.apply(r.dense[0], in, r.before[0], kernel.None)
	for j := 1; j < last; j += 2 {
		h, width := r.before[j-1], r.dense[j].in
		r.activate(r.after[j-1], h, width)
		r.apply(r.dense[j], r.after[j-1], r.before[j], kernel.None)
		r.activate(r.after[j], r.before[j], width)
		r.apply(r.dense[j+1], r.after[j], r.before[j+1], kernel.None)
		r.e.set.Add(r.before[j+1][:width*block], h[:width*block])
	}
	r.apply(r.dense[last], r.before[last-1], r.out, kernel.None)
	return r.out
}

// apply sets out to the dense layer d of in.
func (r *runningNetwork) apply(d dense, in, out []float32, end kernel.End) {
	r.product = kernel.Product{
		M: d.out, K: d.in, N: r.columns,
		Out: out, LdOut: block,
		W: r.e.weights[d.at:], StrideI: 1, StrideK: d.stride, // the transposed matrix
		In: in, LdIn: block,
		Start: kernel.Bias, Bias: r.e.weights[d.at+d.in*d.stride:],
		End: end,
	}
	r.e.set.Multiply(&r.product)
}

func (r *runningNetwork) activate(after, before []float32, width int) {
	before = before[:width*block]
	if r.act == nil {
		for i, v := range before {
			after[i] = max(0, v)
		}
		return
	}
	for i, v := range before {
		after[i] = r.act.of(v)
	}
}

func (r *runningNetwork) backward(l *learner, in, d, dIn []float32) {
	last := len(r.dense) - 1
	if r.residual {
		r.backwardResidual(l, in, d, dIn)
		return
	}
	for j := last; j > 0; j-- {
		r.backwardWeights(l, r.dense[j], r.after[j-1], d)
		var before []float32
		if r.act != nil {
			before = r.before[j-1]
		}
		r.backwardData(r.dense[j], d, r.dh[j-1], r.after[j-1])
		r.backwardActivation(r.dh[j-1], before, r.after[j-1], r.dense[j].in)
		d = r.dh[j-1]
	}
	r.backwardWeights(l, r.dense[0], in, d)
	if dIn != nil {
		r.backwardData(r.dense[0], d, dIn, nil)
	}
}

func (r *runningNetwork) backwardResidual(l *learner, in, d, dIn []float32) {
	last := len(r.dense) - 1
	width := r.dense[last].in
	sum := r.dh[last] // dL/d of the running sum
	r.backwardWeights(l, r.dense[last], r.before[last-1], d)
	r.backwardData(r.dense[last], d, sum, nil)
	for j := last - 2; j > 0; j -= 2 {
		r.backwardWeights(l, r.dense[j+1], r.after[j], sum)
		r.backwardData(r.dense[j+1], sum, r.dh[0], r.after[j])
		r.backwardActivation(r.dh[0], r.before[j], r.after[j], width)
		r.backwardWeights(l, r.dense[j], r.after[j-1], r.dh[0])
		r.backwardData(r.dense[j], r.dh[0], r.dh[1], r.after[j-1])
		r.backwardActivation(r.dh[1], r.before[j-1], r.after[j-1], width)
		r.e.set.Add(sum[:width*block], r.dh[1][:width*block])
	}
	r.backwardWeights(l, r.dense[0], in, sum)
	if dIn != nil {
		r.backwardData(r.dense[0], sum, dIn, nil)
	}
}

// backwardWeights adds to the gradient of a dense layer, given its input and dL/d of its
// output.
func (r *runningNetwork) backwardWeights(l *learner, layer dense, in, d []float32) {
	gradient := l.gradient[layer.at:][:layer.size()]
	if layer.narrow() {
		r.e.set.Dots(gradient, in, d, layer.in+1, layer.out)
		return
	}
	clear(d[layer.out*block : layer.stride*block]) // rows of padding
	r.e.set.Transpose(r.turned, d, layer.stride)
	r.product = kernel.Product{
		M: layer.in + 1, K: r.columns, N: layer.stride,
		Out: gradient, LdOut: layer.stride,
		W: in, StrideI: block, StrideK: 1,
		In: r.turned, LdIn: layer.stride,
		Start: kernel.Add,
	}
	r.e.set.Multiply(&r.product)
}

// backwardData sets dIn to dL/d of the input of a dense layer. If after is not nil, that
// input came from a relu with the output after, whose backward pass is included.
func (r *runningNetwork) backwardData(layer dense, d, dIn, after []float32) {
	r.product = kernel.Product{
		M: layer.in, K: layer.out, N: r.columns,
		Out: dIn, LdOut: block,
		W: r.e.weights[layer.at:], StrideI: layer.stride, StrideK: 1,
		In: d, LdIn: block,
	}
	if after != nil && r.act == nil {
		r.product.End, r.product.Mask = kernel.Mask, after
	}
	r.e.set.Multiply(&r.product)
	if r.columns < block { // no event, no gradient
		for i := range layer.in {
			clear(dIn[i*block+r.columns : (i+1)*block])
		}
	}
}

// backwardActivation turns dL/d of the output of an activation into that of its input,
// except for relu.
func (r *runningNetwork) backwardActivation(d, before, after []float32, width int) {
	if r.act == nil {
		return
	}
	for i := range d[:width*block] {
		d[i] *= r.act.slope(before[i], after[i])
	}
}
