package fast

import "normflow/internal/kernel"

// Gradient is that of the mean NLL of the trainer's rows, with that mean.
func (t *Trainer) Gradient(rows []int32) (nll float64, gradient Arrays) {
	l := t.learners[0]
	l.slice = &slice{gradient: aligned(len(t.engine.weights))}
	l.prepare()
	t.engine.learn(l, t.data, t.Weights, rows, 1/float32(len(rows)))
	return l.nll / float64(len(rows)), Arrays{t.engine.arrays, l.gradient}
}

// WithKernels makes the engine work with the kernels of a set.
func (e *Engine) WithKernels(set *kernel.Set) {
	e.set = set
	e.setThreads(e.threads)
}
