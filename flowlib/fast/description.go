package fast

import (
	"fmt"
	"math"

	"normflow/internal/kernel"
)

// Flow describes what an engine computes, without its numbers. Package flow makes it of
// an entry of its zoo, or of a chain of one's own.
type Flow struct {
	Features int // D
	Context  int // C, columns behind the features that the conditioners read
	Layers   []Layer
	Base     Base
}

// Layer is one bijector; those of a [Flow] lead from the latents to the events. It is
// a [Coupling], an [ActNorm], an [LU] or a [Permutation].
type Layer interface {
	// build checks the layer and takes room for its numbers.
	build(e *Engine, m *memory) (builder, error)
}

// Base is the distribution of the latents: [Normal], [DiagNormal], [Mixture],
// [StudentT] or [Uniform].
type Base interface {
	buildBase(e *Engine, m *memory) (baseBuilder, error)
}

// builder makes a layer at work, with buffers out of the pool.
type builder func(p *pool) running

type baseBuilder func(p *pool) runningBase

// running is a layer at work in one thread, with what it needs beside the weights. A
// block of events stands in the worker, feature by feature.
type running interface {
	// prepare computes what depends on the weights alone.
	prepare()
	// inverse takes the block from events to latents, forward back; both add the
	// log-determinant of what they did to the worker's total.
	inverse(w *worker)
	forward(w *worker)
	// backward is the backward pass of inverse: it turns dL/dz of the block into dL/dx
	// and adds to the gradient of the weights.
	backward(l *learner)
	// finish ends the gradient of a slice of a batch.
	finish(l *learner)
}

// runningBase is a base at work.
type runningBase interface {
	prepare()
	// logProb adds the log-densities of the block's first events.
	logProb(w *worker, to []float64)
	// gradient is logProb for a loss that holds weight·(-log p): it sets dL/dz and adds
	// to the gradient of the weights.
	gradient(l *learner, logProb []float64)
	// sample draws a block; spread is multiplied by temperature.
	sample(w *worker, random random, temperature float64)
}

// random is what a sample is drawn from.
type random interface {
	Float64() float64 // in [0, 1)
	NormFloat64() float64
}

// Coupling is a coupling layer: its mask says which features are frozen.
type Coupling struct {
	Mask       []bool
	InputBound float64 // where what the conditioner reads is cut off
	Network    Network
	Transform  Transform
}

// Network is a conditioner: an MLP, or residual blocks of one width.
type Network struct {
	Hidden     []int
	Residual   bool
	Activation string // "" is relu
}

// Transform moves a feature by what the conditioner says: [Affine], [Additive], [Spline].
type Transform interface {
	// params is how many numbers it asks for.
	params() int
	check() error
	// start makes it ready for the moving features of a layer.
	start(e *Engine, p *pool, moving int) runningTransform
}

// ActNorm scales and shifts each feature.
type ActNorm struct{}

// LU multiplies by a matrix that is kept as its factors.
type LU struct{}

// Permutation puts feature From[i] of the latents in place i of the events.
type Permutation struct{ From []int }

// Affine is x = z·exp(s) + t.
type Affine struct {
	Scale       string  // how s is bounded: "tanh", "softclip", or "exp", not at all
	MaxLogScale float64 // bound on |s|
}

// Additive is x = z + t.
type Additive struct{}

// Spline is a curve of rational-quadratic pieces. See package bijector.
type Spline struct {
	Bins  int
	Bound float64
}

func (Affine) params() int   { return 2 }
func (Additive) params() int { return 1 }
func (s Spline) params() int { return 3*s.Bins - 1 }

// maxLogScale is what the kernels' exp can bear.
const maxLogScale = 80

func (a Affine) check() error {
	switch a.Scale {
	case "exp":
		return nil
	case "tanh", "softclip":
		if !(a.MaxLogScale > 0) || a.MaxLogScale > maxLogScale {
			return fmt.Errorf("the bound on the log-scale must be above 0 and at most %d, found %g", maxLogScale, a.MaxLogScale)
		}
		return nil
	}
	return fmt.Errorf("the scale must be tanh, softclip or exp, found %q", a.Scale)
}

func (Additive) check() error { return nil }

func (s Spline) check() error {
	if s.Bins < 2 || float64(s.Bins)*kernel.MinimumShare >= 1 || !(s.Bound > 0) || math.IsInf(s.Bound, 0) {
		return fmt.Errorf("a spline needs at least 2 bins, fewer than %g, and a positive bound, found %d and %g", 1/kernel.MinimumShare, s.Bins, s.Bound)
	}
	return nil
}

// Normal is the unit Gaussian.
type Normal struct{}

// DiagNormal is a Gaussian with a mean and a spread of its own in each feature.
type DiagNormal struct{}

// Mixture is a sum of Components Gaussians with diagonal covariance, whose log-scales
// are bounded by ±MaxLogScale as s of [Affine] by tanh.
type Mixture struct {
	Components  int
	MaxLogScale float64
}

// StudentT has features with tails of Freedom degrees of freedom.
type StudentT struct{ Freedom float64 }

// Uniform is constant in ±Bound, and nothing outside.
type Uniform struct{ Bound float64 }
