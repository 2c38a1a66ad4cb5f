package fast

import (
	"fmt"
	"math"
	"slices"

	"normflow/internal/kernel"
)

// runningActNorm is z = (x - b)·exp(-s) for each feature.
type runningActNorm struct {
	e               *Engine
	logScale, shift array
	scale           []float32 // exp(-s)
	sum             float64   // of s
	z               []float32 // in training
}

func (ActNorm) build(e *Engine, m *memory) (builder, error) {
	logScale, shift := m.vector("log_scale", e.features), m.vector("shift", e.features)
	return func(p *pool) running {
		r := &runningActNorm{e: e, logScale: logScale, shift: shift, scale: make([]float32, e.features)}
		if p.trains {
			r.z = p.rows("z", e.features)
		}
		return r
	}, nil
}

func (r *runningActNorm) prepare() {
	r.sum = 0
	for d, s := range r.logScale.in(r.e.weights) {
		r.scale[d] = float32(math.Exp(-float64(s)))
		r.sum += float64(s)
	}
}

func (r *runningActNorm) inverse(w *worker) {
	for d, b := range r.shift.in(r.e.weights) {
		v, scale := w.v[d*block:][:block], r.scale[d]
		for i := range v {
			v[i] = (v[i] - b) * scale
		}
	}
	w.addToTotal(-r.sum)
	if r.z != nil {
		copy(r.z, w.v)
	}
}

func (r *runningActNorm) forward(w *worker) {
	for d, b := range r.shift.in(r.e.weights) {
		v, scale := w.v[d*block:][:block], 1/r.scale[d]
		for i := range v {
			v[i] = v[i]*scale + b
		}
	}
	w.addToTotal(r.sum)
}

// The loss has the term -weight·(-s) in addition to what depends on z.
func (r *runningActNorm) backward(l *learner) {
	logScale, shift := r.logScale.in(l.gradient), r.shift.in(l.gradient)
	for d := range shift {
		var byScale, byShift float32
		dz, z := l.d[d*block:][:block], r.z[d*block:][:block]
		for i := range dz {
			byScale += l.weight[i] - dz[i]*z[i]
			dz[i] *= r.scale[d]
			byShift -= dz[i]
		}
		logScale[d] += byScale
		shift[d] += byShift
	}
}

func (r *runningActNorm) finish(*learner) {}

// runningLU is z = W·x with W = P·L·(U + diag(sign·exp(log|s|))).
type runningLU struct {
	e                         *Engine
	packed, permutation, sign array
	lower, upper              []float64 // L and U with their diagonals
	from                      []int     // (P·v)[i] = v[from[i]]
	w                         []float32 // [D, D]
	logS                      float64
	product                   kernel.Product
	// In training:
	x, dx, dw []float32
	weight    float64 // of the events of the slice
}

func (LU) build(e *Engine, m *memory) (builder, error) {
	n := e.features
	packed := m.matrix("lu", n, n, true)
	permutation := m.matrix("permutation", n, n, false)
	m.fix()
	sign := m.vector("sign", n)
	m.fix()
	return func(p *pool) running {
		r := &runningLU{e: e, packed: packed, permutation: permutation, sign: sign,
			lower: make([]float64, n*n), upper: make([]float64, n*n), from: make([]int, n), w: aligned(n * n), dx: p.scratch("dx", n)}
		if p.trains {
			r.x, r.dw = p.rows("x", n), make([]float32, n*n)
		}
		return r
	}, nil
}

func (r *runningLU) prepare() {
	n := r.e.features
	packed, permutation, sign := r.packed.in(r.e.weights), r.permutation.in(r.e.weights), r.sign.in(r.e.weights)
	r.logS = 0
	for i := range n {
		for j := range n {
			v := float64(packed[i*n+j])
			switch {
			case j < i:
				r.lower[i*n+j] = v
			case j > i:
				r.upper[i*n+j] = v
			default:
				r.lower[i*n+i], r.upper[i*n+i] = 1, float64(sign[i])*math.Exp(v)
				r.logS += v
			}
			if permutation[i*n+j] > 0.5 {
				r.from[i] = j
			}
		}
	}
	for i, row := range r.from {
		for j := range n {
			sum := 0.0
			for k := range min(row, j) + 1 {
				sum += r.lower[row*n+k] * r.upper[k*n+j]
			}
			r.w[i*n+j] = float32(sum)
		}
	}
	r.weight = 0
	clear(r.dw)
}

func (r *runningLU) multiply(out, in []float32, strideI, strideK int) {
	n := r.e.features
	r.product = kernel.Product{M: n, K: n, N: block, Out: out, LdOut: block, W: r.w, StrideI: strideI, StrideK: strideK, In: in, LdIn: block}
	r.e.set.Multiply(&r.product)
}

func (r *runningLU) inverse(w *worker) {
	if r.x != nil {
		copy(r.x, w.v)
	}
	r.multiply(r.dx, w.v, r.e.features, 1)
	copy(w.v, r.dx)
	w.addToTotal(r.logS)
}

// forward solves by substitution, for all events of the block at once.
func (r *runningLU) forward(w *worker) {
	n, v := r.e.features, r.dx
	for i, row := range r.from { // Pᵀ
		copy(v[row*block:][:block], w.v[i*block:][:block])
	}
	less := func(i, k int, factor float64) {
		into, from := v[i*block:][:block], v[k*block:][:block]
		for e, x := range from {
			into[e] -= float32(factor) * x
		}
	}
	for i := range n {
		for k := range i {
			less(i, k, r.lower[i*n+k])
		}
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			less(i, k, r.upper[i*n+k])
		}
		scale := float32(1 / r.upper[i*n+i])
		for e := range block {
			v[i*block+e] *= scale
		}
	}
	copy(w.v, v)
	w.addToTotal(-r.logS)
}

func (r *runningLU) backward(l *learner) {
	r.e.set.Dots(r.dw, l.d, r.x, r.e.features, r.e.features) // dL/dW = Σ dL/dz·xᵀ
	r.multiply(r.dx, l.d, 1, r.e.features)
	copy(l.d, r.dx[:len(l.d)])
	for _, weight := range l.weight {
		r.weight += float64(weight)
	}
}

// finish goes from dL/dW to the factors: with A = L·U, dL/dA = Pᵀ·dL/dW, dL/dL = dL/dA·Uᵀ
// and dL/dU = Lᵀ·dL/dA. The loss also has the term -weight·Σ log|s|.
func (r *runningLU) finish(l *learner) {
	n := r.e.features
	da := make([]float64, n*n)
	for i, row := range r.from {
		for j := range n {
			da[row*n+j] = float64(r.dw[i*n+j])
		}
	}
	gradient := r.packed.in(l.gradient)
	for i := range n {
		for j := range n {
			sum := 0.0
			if j < i {
				for k := j; k < n; k++ {
					sum += da[i*n+k] * r.upper[j*n+k]
				}
			} else {
				for k := i; k < n; k++ {
					sum += r.lower[k*n+i] * da[k*n+j]
				}
				if j == i {
					sum = sum*r.upper[i*n+i] - r.weight
				}
			}
			gradient[i*n+j] += float32(sum)
		}
	}
	r.weight = 0
	clear(r.dw)
}

// runningPermutation moves rows.
type runningPermutation struct {
	from, back []int
	v          []float32
}

func (p Permutation) build(e *Engine, _ *memory) (builder, error) {
	back := make([]int, e.features)
	sorted := slices.Clone(p.From)
	slices.Sort(sorted)
	for i, at := range sorted {
		if len(sorted) != e.features || i != at {
			return nil, fmt.Errorf("expected a permutation of %d features, found %v", e.features, p.From)
		}
	}
	for i, at := range p.From {
		back[at] = i
	}
	return func(pool *pool) running {
		return &runningPermutation{from: p.From, back: back, v: pool.scratch("permuted", e.features)}
	}, nil
}

func (r *runningPermutation) move(v []float32, from []int) {
	for i, at := range from {
		copy(r.v[i*block:][:block], v[at*block:][:block])
	}
	copy(v, r.v[:len(v)])
}

func (r *runningPermutation) prepare()            {}
func (r *runningPermutation) finish(*learner)     {}
func (r *runningPermutation) forward(w *worker)   { r.move(w.v, r.from) }
func (r *runningPermutation) inverse(w *worker)   { r.move(w.v, r.back) }
func (r *runningPermutation) backward(l *learner) { r.move(l.d, r.from) }
