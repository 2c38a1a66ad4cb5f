package fast

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// runningMixture is a Gaussian mixture:
//
//	log p(z) = log Σ_k w_k·N(z; μ_k, diag(e^(2s_k))),   s = max·tanh(raw/max)
//
// With r_k the share of component k in an event's density, and u = (z-μ)·e^-s, the
// gradients of -log p are Σ_k r_k·u·e^-s by z, -r_k·u·e^-s by μ_k, r_k·(1-u²) by s_k, and
// w_k - r_k by the logits.
type runningMixture struct {
	e                       *Engine
	k                       int
	limit                   float64
	means, logScales, logit array

	scale, slope []float32 // exp(-s) and ds/draw, [K, D]
	logNorm      []float32 // [K]: of each component, weight included
	weights      []float64 // [K]
	terms, share []float32 // [K, block]
	largest      []int32   // component with the largest term
}

func (m Mixture) buildBase(e *Engine, memory *memory) (baseBuilder, error) {
	if m.Components < 1 || !(m.MaxLogScale > 0) || m.MaxLogScale > maxLogScale {
		return nil, fmt.Errorf("a mixture needs at least one component and a bound on log-scales up to %d, found %d and %g", maxLogScale, m.Components, m.MaxLogScale)
	}
	means, logScales := memory.matrix("means", m.Components, e.features, false), memory.matrix("log_scales", m.Components, e.features, false)
	logit := memory.vector("logits", m.Components)
	return func(p *pool) runningBase {
		n := m.Components * e.features
		return &runningMixture{e: e, k: m.Components, limit: m.MaxLogScale, means: means, logScales: logScales, logit: logit,
			scale: make([]float32, n), slope: make([]float32, n), logNorm: make([]float32, m.Components), weights: make([]float64, m.Components),
			terms: p.scratch("terms", m.Components), share: p.scratch("share", m.Components), largest: make([]int32, block)}
	}, nil
}

func (r *runningMixture) prepare() {
	logits := r.logit.in(r.e.weights)[:r.k]
	largest, sum := math.Inf(-1), 0.0
	for _, v := range logits {
		largest = max(largest, float64(v))
	}
	for k, v := range logits {
		r.weights[k] = math.Exp(float64(v) - largest)
		sum += r.weights[k]
	}
	raw := r.logScales.in(r.e.weights)
	for k := range r.k {
		r.weights[k] /= sum
		logNorm := math.Log(r.weights[k]) - logSqrt2Pi*float64(r.e.features)
		for d := range r.e.features {
			i := k*r.e.features + d
			tanh := math.Tanh(float64(raw[i]) / r.limit)
			r.scale[i], r.slope[i] = float32(math.Exp(-r.limit*tanh)), float32(1-tanh*tanh)
			logNorm -= r.limit * tanh
		}
		r.logNorm[k] = float32(logNorm)
	}
}

func (r *runningMixture) logProb(w *worker, to []float64) {
	means := r.means.in(r.e.weights)
	for k := range r.k {
		term := r.terms[k*block:][:block]
		clear(term)
		for d := range r.e.features {
			at := k*r.e.features + d
			r.e.set.AddSquares(term, w.v[d*block:][:block], means[at], r.scale[at])
		}
		for i, square := range term {
			term[i] = r.logNorm[k] - 0.5*square
			if k == 0 || term[i] > r.terms[int(r.largest[i])*block+i] {
				r.largest[i] = int32(k)
			}
		}
	}
	r.e.set.Softmax(r.share, r.terms, r.k, block, 1)
	for i := range to {
		at := int(r.largest[i])*block + i
		if term := r.terms[at]; math.IsInf(float64(term), 0) {
			to[i] += r.farOut(w, i, means)
		} else {
			to[i] += float64(term) - math.Log(float64(r.share[at]))
		}
	}
}

// farOut returns the log-density of event i, whose squares overflow a float32, in float64.
func (r *runningMixture) farOut(w *worker, i int, means []float32) float64 {
	terms := make([]float64, r.k)
	for k := range terms {
		terms[k] = float64(r.logNorm[k])
		for d := range r.e.features {
			at := k*r.e.features + d
			u := (float64(w.v[d*block+i]) - float64(means[at])) * float64(r.scale[at])
			terms[k] -= 0.5 * u * u
		}
	}
	return floats.LogSumExp(terms)
}

func (r *runningMixture) gradient(l *learner, logProb []float64) {
	r.logProb(l.worker, logProb)
	clear(l.d)
	means := r.means.in(r.e.weights)
	byMeans, byScales, byLogits := r.means.in(l.gradient), r.logScales.in(l.gradient), r.logit.in(l.gradient)
	var whole float32
	for _, weight := range l.weight {
		whole += weight
	}
	for k := range r.k {
		share := r.share[k*block:][:block]
		var total float32
		for i, weight := range l.weight {
			share[i] *= weight
			total += share[i]
		}
		byLogits[k] += float32(r.weights[k])*whole - total
		for d := range r.e.features {
			at := k*r.e.features + d
			first, second := r.e.set.Pull(l.d[d*block:][:block], l.v[d*block:][:block], share, means[at], r.scale[at])
			byMeans[at] -= first * r.scale[at]
			byScales[at] += (total - second) * r.slope[at]
		}
	}
}

func (r *runningMixture) sample(w *worker, random random, temperature float64) {
	means := r.means.in(r.e.weights)
	for i := range block {
		k, left := 0, random.Float64()
		for ; k < r.k-1 && left >= r.weights[k]; k++ {
			left -= r.weights[k]
		}
		for d := range r.e.features {
			at := k*r.e.features + d
			w.v[d*block+i] = means[at] + float32(temperature*random.NormFloat64())/r.scale[at]
		}
	}
}
