package fast

import (
	"fmt"
	"math"
)

// coupling is a coupling layer.
type coupling struct {
	e              *Engine
	frozen, moving []int // features
	bound          float32
	network        *network
	transform      Transform
}

func (c Coupling) build(e *Engine, m *memory) (builder, error) {
	if len(c.Mask) != e.features {
		return nil, fmt.Errorf("expected a mask of %d features, found %d", e.features, len(c.Mask))
	}
	if !(c.InputBound > 0) || math.IsInf(c.InputBound, 0) {
		return nil, fmt.Errorf("expected a positive bound on inputs, found %g", c.InputBound)
	}
	if c.Transform == nil {
		return nil, fmt.Errorf("a coupling without a transform")
	}
	if err := c.Transform.check(); err != nil {
		return nil, err
	}
	own := &coupling{e: e, bound: float32(c.InputBound), transform: c.Transform}
	for i, frozen := range c.Mask {
		if frozen {
			own.frozen = append(own.frozen, i)
		} else {
			own.moving = append(own.moving, i)
		}
	}
	if len(own.moving) == 0 {
		return nil, fmt.Errorf("expected at least one moving feature")
	}
	inputs := max(1, len(own.frozen)+e.context) // without inputs the conditioner reads a constant 1
	var err error
	own.network, err = c.Network.build(e, m, inputs, c.Transform.params()*len(own.moving))
	return own.start, err
}

// runningCoupling is a coupling in one thread.
type runningCoupling struct {
	*coupling
	in          []float32 // input of the conditioner, and a row of ones
	conditioner conditioner
	transform   runningTransform
	dRaw, dIn   []float32
}

// conditioner is a network or a table in one thread.
type conditioner interface {
	// forward returns the answer to the first columns of in, [inputs+1, block] with a row
	// of ones; what it returns for the others is of no event.
	forward(in []float32, columns int) []float32
	// backward adds to the gradient, given d = dL/d of the answer, [outputs, block] with
	// rows padded to a multiple of a vector, and sets dIn to dL/din unless it is nil.
	backward(l *learner, in, d, dIn []float32)
}

// runningTransform moves the feature in v, number m of the moving ones, by raw, which
// begins at the row of its first parameter; the rows of its further parameters are as far
// apart as there are moving features.
type runningTransform interface {
	inverse(w *worker, m int, v, raw []float32)
	forward(w *worker, m int, v, raw []float32)
	// backward turns d = dL/dz of the result of inverse into dL/dx, and sets dRaw.
	backward(l *learner, m int, d, dRaw []float32)
}

func (c *coupling) start(p *pool) running {
	inputs := len(c.frozen) + c.e.context
	r := &runningCoupling{coupling: c, in: p.withOnes("in", max(1, inputs)), conditioner: c.network.start(p), transform: c.transform.start(c.e, p, len(c.moving))}
	if inputs == 0 {
		ones(r.in)
	}
	if p.trains {
		r.dRaw = p.scratch("dRaw", roundUp(c.transform.params()*len(c.moving)))
		if len(c.frozen) > 0 {
			r.dIn = p.scratch("dIn", inputs)
		}
	}
	return r
}

func (r *runningCoupling) prepare()        {}
func (r *runningCoupling) finish(*learner) {}

// raw runs the conditioner.
func (r *runningCoupling) raw(w *worker) []float32 {
	for i, feature := range r.frozen {
		r.e.set.Clip(r.in[i*block:][:block], w.v[feature*block:][:block], r.bound)
	}
	for i := range r.e.context {
		r.e.set.Clip(r.in[(len(r.frozen)+i)*block:][:block], w.context[i*block:][:block], r.bound)
	}
	return r.conditioner.forward(r.in, w.used)
}

func (r *runningCoupling) inverse(w *worker) {
	raw := r.raw(w)
	clear(w.logDet)
	for m, feature := range r.moving {
		r.transform.inverse(w, m, w.v[feature*block:][:block], raw[m*block:])
	}
	w.addLogDet()
}

func (r *runningCoupling) forward(w *worker) {
	raw := r.raw(w)
	clear(w.logDet)
	for m, feature := range r.moving {
		r.transform.forward(w, m, w.v[feature*block:][:block], raw[m*block:])
	}
	w.addLogDet()
}

func (r *runningCoupling) backward(l *learner) {
	for m, feature := range r.moving {
		r.transform.backward(l, m, l.d[feature*block:][:block], r.dRaw[m*block:])
	}
	r.conditioner.backward(l, r.in, r.dRaw, r.dIn)
	for i, feature := range r.frozen {
		r.e.set.ClipBackward(l.d[feature*block:][:block], r.dIn[i*block:][:block], r.in[i*block:][:block], r.bound)
	}
}
