package fast_test

import (
	"normflow/flowlib/fast"
	"normflow/flowlib/flow"
)

// tolerance is what float32 leaves, relative to 1 plus what is expected. The tests of the
// zoo run in float64 too, see double_test.go: the folder testdata/double stands in for
// this file there.
var tolerance = struct{ logProb, nll, gradient, drawsMedian, drawsMost float64 }{
	logProb: 1e-4, nll: 1e-5, gradient: 1e-3, drawsMedian: 1e-3, drawsMost: 5e-2,
}

// describe is what the engine is told of a flow.
func describe(m *flow.Model) (fast.Flow, error) { return m.FastFlow() }
