package fast

import (
	"math"

	"normflow/internal/kernel"
)

// runningAffine keeps what the backward pass needs: for each moving feature its factor,
// the slope of its log-scale by the raw one, and the result.
type runningAffine struct {
	e               *Engine
	scaling         string
	limit           float32
	moving          int
	scale, slope, z []float32
}

func (a Affine) start(e *Engine, p *pool, moving int) runningTransform {
	r := &runningAffine{e: e, scaling: a.Scale, limit: float32(a.MaxLogScale), moving: moving, scale: p.rows("scale", moving), slope: p.rows("slope", moving)}
	if p.trains {
		r.z = p.rows("z", moving)
	}
	return r
}

func (r *runningAffine) inverse(w *worker, m int, v, raw []float32) {
	scale, slope, shift := r.scale[m*block:][:block], r.slope[m*block:][:block], raw[r.moving*block:][:block]
	if r.scaling == "tanh" {
		r.e.set.AffineInverse(v, w.logDet, scale, slope, v, raw[:block], shift, r.limit)
	} else {
		for i := range v {
			s, by := r.bounded(raw[i])
			scale[i], slope[i] = float32(math.Exp(-float64(s))), by
			v[i] = (v[i] - shift[i]) * scale[i]
			w.logDet[i] -= s
		}
	}
	if r.z != nil {
		copy(r.z[m*block:][:block], v)
	}
}

func (r *runningAffine) forward(w *worker, m int, v, raw []float32) {
	scale, slope, shift := r.scale[m*block:][:block], r.slope[m*block:][:block], raw[r.moving*block:][:block]
	if r.scaling == "tanh" {
		r.e.set.AffineForward(v, w.logDet, scale, slope, v, raw[:block], shift, r.limit)
		return
	}
	for i := range v {
		s, _ := r.bounded(raw[i])
		v[i] = v[i]*float32(math.Exp(float64(s))) + shift[i]
		w.logDet[i] += s
	}
}

// bounded returns s of a raw log-scale, and its slope.
func (r *runningAffine) bounded(raw float32) (s, slope float32) {
	if r.scaling == "exp" {
		return raw, 1
	}
	below := 1 + max(raw, -raw)/r.limit
	return raw / below, 1 / (below * below)
}

func (r *runningAffine) backward(l *learner, m int, d, dRaw []float32) {
	at := m * block
	r.e.set.AffineBackward(dRaw[:block], dRaw[r.moving*block:][:block], d, r.z[at:][:block], r.scale[at:][:block], r.slope[at:][:block], l.weight)
}

// runningAdditive has nothing to keep.
type runningAdditive struct{}

func (Additive) start(*Engine, *pool, int) runningTransform { return runningAdditive{} }

func (runningAdditive) inverse(_ *worker, _ int, v, raw []float32) {
	for i := range v {
		v[i] -= raw[i]
	}
}

func (runningAdditive) forward(_ *worker, _ int, v, raw []float32) {
	for i := range v {
		v[i] += raw[i]
	}
}

func (runningAdditive) backward(_ *learner, _ int, d, dRaw []float32) {
	for i, v := range d {
		dRaw[i] = -v
	}
}

// runningSpline keeps the curve of each moving feature, and its input.
type runningSpline struct {
	e      *Engine
	curves []*kernel.Spline
	x      []float32
}

func (s Spline) start(e *Engine, p *pool, moving int) runningTransform {
	r := &runningSpline{e: e}
	for range moving {
		r.curves = append(r.curves, p.spline(s.Bins, float32(s.Bound), moving*block))
	}
	if p.trains {
		r.x = p.rows("x", moving)
	}
	return r
}

func (r *runningSpline) inverse(w *worker, m int, v, raw []float32) {
	if r.x != nil {
		copy(r.x[m*block:][:block], v)
	}
	r.e.set.SplineInverse(r.curves[m], v, w.logDet, v, raw)
}

func (r *runningSpline) forward(w *worker, m int, v, raw []float32) {
	r.e.set.SplineForward(r.curves[m], v, w.logDet, v, raw)
}

func (r *runningSpline) backward(l *learner, m int, d, dRaw []float32) {
	r.e.set.SplineBackward(r.curves[m], dRaw, d, r.x[m*block:][:block], l.weight)
}
