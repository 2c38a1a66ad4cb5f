package flow

import (
	"errors"
	"fmt"
	"iter"

	"normflow/flowlib/density"
)

// Engine scores and samples in the units of the data. [Model] and [FastModel] are
// engines.
type Engine interface {
	density.Scorer
	// DrawChunks yields a sample in chunks of some hundred or thousand events, so that memory does
	// not grow with the sample. An error ends the sequence. On the same engine, the
	// same seed gives the same events, and a longer sample begins with the shorter one.
	DrawChunks(s Sampling) iter.Seq2[Draws, error]
}

// ErrNaN is wrapped by engines if a log-density is NaN.
var ErrNaN = errors.New("the log-density is NaN")

// NaNError reports a row that is finite but has a NaN log-density: the weights are
// broken. It wraps [ErrNaN].
type NaNError struct {
	Row int // counted from 0
	X   []float64
}

func (e *NaNError) Error() string {
	return fmt.Sprintf("flow: %v: row %d, %v: the weights are broken", ErrNaN, e.Row, e.X)
}

func (e *NaNError) Unwrap() error { return ErrNaN }
