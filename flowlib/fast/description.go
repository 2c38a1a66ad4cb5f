package fast

import (
	"fmt"
	"math"

	"normflow/internal/kernel"
)

// Flow describes what an engine computes, without its weights. Package flow makes it from
// an entry of the zoo or from a chain.
type Flow struct {
	Features int // D
	Context  int // C, columns after the features, which the conditioners read
	Layers   []Layer
	Base     Base
}

// Layer is one bijector: a [Coupling], an [ActNorm], an [LU] or a [Permutation]. The
// layers of a [Flow] lead from the latents to the events.
type Layer interface {
	// build checks the layer and reserves memory for its weights.
	build(e *Engine, m *memory) (builder, error)
}

// Base is the distribution of the latents: [Normal], [DiagNormal], [Mixture],
// [StudentT] or [Uniform].
type Base interface {
	buildBase(e *Engine, m *memory) (baseBuilder, error)
}

// builder makes a running layer with buffers from the pool.
type builder func(p *pool) running

type baseBuilder func(p *pool) runningBase

// running is a layer in one thread, with what it needs besides the weights. The worker
// holds a block of events, feature by feature.
type running interface {
	// prepare computes what depends on the weights only.
	prepare()
	// inverse takes the block from events to latents, forward from latents to events.
	// Both add their log-determinant to the worker's total.
	inverse(w *worker)
	forward(w *worker)
	// backward is the backward pass of inverse: it turns dL/dz of the block into dL/dx
	// and adds to the gradient of the weights.
	backward(l *learner)
	// finish completes the gradient of a slice of a batch.
	finish(l *learner)
}

// runningBase is a base in one thread.
type runningBase interface {
	prepare()
	// logProb adds the log-densities of the block's first events.
	logProb(w *worker, to []float64)
	// gradient is logProb for a loss with the term weight·(-log p): it sets dL/dz and
	// adds to the gradient of the weights.
	gradient(l *learner, logProb []float64)
	// sample draws a block; temperature multiplies the spread.
	sample(w *worker, random random, temperature float64)
}

// random is the source of randomness of a sample.
type random interface {
	Float64() float64 // in [0, 1)
	NormFloat64() float64
}

// Coupling is a coupling layer; its mask is true for frozen features.
type Coupling struct {
	Mask       []bool
	InputBound float64 // bound on the inputs of the conditioner
	Network    Network
	Transform  Transform
}

// Network is a conditioner: an MLP, or residual blocks of one width.
type Network struct {
	Hidden     []int
	Residual   bool
	Activation string // "" is relu
}

// Transform moves a feature by the conditioner's answer: [Affine], [Additive] or
// [Spline].
type Transform interface {
	// params returns the number of its parameters per feature.
	params() int
	check() error
	// start prepares it for the moving features of a layer.
	start(e *Engine, p *pool, moving int) runningTransform
}

// ActNorm scales and shifts each feature.
type ActNorm struct{}

// LU multiplies by a matrix that is stored as its factors.
type LU struct{}

// Permutation moves feature From[i] of the latents to place i of the events.
type Permutation struct{ From []int }

// Affine is x = z·exp(s) + t.
type Affine struct {
	Scale       string  // bound of s: "tanh", "softclip", or "exp" for none
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

// maxLogScale is the range of the kernels' exp.
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

// DiagNormal is a Gaussian with a mean and standard deviation for each feature.
type DiagNormal struct{}

// Mixture is a mixture of Components Gaussians with diagonal covariance, whose log-scales
// are bounded by ±MaxLogScale by tanh, as in [Affine].
type Mixture struct {
	Components  int
	MaxLogScale float64
}

// StudentT has independent features with Freedom degrees of freedom.
type StudentT struct{ Freedom float64 }

// Uniform is constant within ±Bound, and 0 outside.
type Uniform struct{ Bound float64 }
