package fast

import (
	"fmt"
	"math"
)

const logSqrt2Pi = 0.91893853320467274178 // ln √(2π)

// runningNormal is the unit Gaussian, or one with a trained location and log-scale.
type runningNormal struct {
	e                  *Engine
	location, logScale array
	diagonal           bool
	scale              []float32 // exp(-s)
	logNorm            float64
}

func (Normal) buildBase(e *Engine, _ *memory) (baseBuilder, error) {
	return func(*pool) runningBase { return &runningNormal{e: e} }, nil
}

func (DiagNormal) buildBase(e *Engine, m *memory) (baseBuilder, error) {
	location, logScale := m.vector("location", e.features), m.vector("log_scale", e.features)
	return func(*pool) runningBase {
		return &runningNormal{e: e, location: location, logScale: logScale, diagonal: true, scale: make([]float32, e.features)}
	}, nil
}

func (r *runningNormal) prepare() {
	r.logNorm = -logSqrt2Pi * float64(r.e.features)
	if r.diagonal {
		for d, s := range r.logScale.in(r.e.weights) {
			r.scale[d] = float32(math.Exp(-float64(s)))
			r.logNorm -= float64(s)
		}
	}
}

// unit returns (z - μ)·exp(-s) of feature d.
func (r *runningNormal) unit(d int, z float32) float32 {
	if !r.diagonal {
		return z
	}
	return (z - r.location.in(r.e.weights)[d]) * r.scale[d]
}

func (r *runningNormal) logProb(w *worker, to []float64) {
	for i := range to {
		to[i] += r.logNorm
	}
	for d := range r.e.features {
		for i, z := range w.v[d*block:][:len(to)] {
			u := float64(r.unit(d, z))
			to[i] -= 0.5 * u * u
		}
	}
}

func (r *runningNormal) gradient(l *learner, logProb []float64) {
	r.logProb(l.worker, logProb)
	for d := range r.e.features {
		z, dz := l.v[d*block:][:block], l.d[d*block:][:block]
		if !r.diagonal {
			for i, v := range z {
				dz[i] = l.weight[i] * v
			}
			continue
		}
		var byLocation, byScale float32
		for i, v := range z {
			u := r.unit(d, v)
			dz[i] = l.weight[i] * u * r.scale[d]
			byLocation -= dz[i]
			byScale += l.weight[i] * (1 - u*u)
		}
		r.location.in(l.gradient)[d] += byLocation
		r.logScale.in(l.gradient)[d] += byScale
	}
}

func (r *runningNormal) sample(w *worker, random random, temperature float64) {
	for i := range w.v {
		w.v[i] = float32(temperature * random.NormFloat64())
		if d := i / block; r.diagonal {
			w.v[i] = w.v[i]/r.scale[d] + r.location.in(r.e.weights)[d]
		}
	}
}

// runningStudentT has no weights. See package base for the formulas.
type runningStudentT struct {
	e           *Engine
	nu, logNorm float64
}

func (s StudentT) buildBase(e *Engine, _ *memory) (baseBuilder, error) {
	if !(s.Freedom > 0) || math.IsInf(s.Freedom, 0) {
		return nil, fmt.Errorf("expected positive degrees of freedom, found %g", s.Freedom)
	}
	return func(*pool) runningBase {
		above, _ := math.Lgamma((s.Freedom + 1) / 2)
		below, _ := math.Lgamma(s.Freedom / 2)
		logNorm := above - below - 0.5*math.Log(math.Pi*s.Freedom)
		if x := s.Freedom / 2; x > 1000 { // avoids the difference of two large numbers: https://dlmf.nist.gov/5.11.E1
			logNorm = 0.5*math.Log(x) - 1/(8*x) + 1/(192*x*x*x) - 0.5*math.Log(math.Pi*s.Freedom)
		}
		return &runningStudentT{e, s.Freedom, logNorm * float64(e.features)}
	}, nil
}

func (r *runningStudentT) prepare() {}

func (r *runningStudentT) logProb(w *worker, to []float64) {
	for i := range to {
		to[i] += r.logNorm
	}
	for d := range r.e.features {
		for i, z := range w.v[d*block:][:len(to)] {
			to[i] -= 0.5 * (r.nu + 1) * math.Log1p(float64(z)*float64(z)/r.nu)
		}
	}
}

func (r *runningStudentT) gradient(l *learner, logProb []float64) {
	r.logProb(l.worker, logProb)
	for i, v := range l.v {
		z := float64(v)
		l.d[i] = l.weight[i%block] * float32((r.nu+1)*z/(r.nu+z*z))
	}
}

// sample uses Bailey's method, https://www.jstor.org/stable/2153537.
func (r *runningStudentT) sample(w *worker, random random, temperature float64) {
	for i := range w.v {
		h := min(-math.Log(1-random.Float64())/r.nu, 80)
		radius := math.Exp(h) * math.Sqrt(-math.Expm1(-2*h))
		w.v[i] = float32(temperature * math.Sqrt(r.nu) * radius * math.Cos(2*math.Pi*random.Float64()))
	}
}

// runningUniform has no gradient: its events must lie in the box.
type runningUniform struct {
	e     *Engine
	bound float32
}

func (u Uniform) buildBase(e *Engine, _ *memory) (baseBuilder, error) {
	if !(u.Bound > 0) || math.IsInf(u.Bound, 0) {
		return nil, fmt.Errorf("expected a positive bound, found %g", u.Bound)
	}
	return func(*pool) runningBase { return &runningUniform{e, float32(u.Bound)} }, nil
}

func (r *runningUniform) prepare() {}

func (r *runningUniform) logProb(w *worker, to []float64) {
	for i := range to {
		to[i] -= float64(r.e.features) * math.Log(2*float64(r.bound))
	}
	for d := range r.e.features {
		for i, z := range w.v[d*block:][:len(to)] {
			if z != z {
				to[i] = math.NaN()
			} else if z < -r.bound || z > r.bound {
				to[i] = math.Inf(-1)
			}
		}
	}
}

func (r *runningUniform) gradient(l *learner, logProb []float64) {
	r.logProb(l.worker, logProb)
	clear(l.d)
}

func (r *runningUniform) sample(w *worker, random random, temperature float64) {
	for i := range w.v {
		w.v[i] = r.bound * float32(min(temperature, 1)*(2*random.Float64()-1))
	}
}
