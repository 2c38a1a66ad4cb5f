package flow

import (
	"errors"
	"fmt"
	"iter"

	"normflow/flowlib/density"
)

// Engine scores and draws, in the units of the data: a [Model] or a [FastModel].
type Engine interface {
	density.Scorer
	// DrawChunks yields a sample in chunks of some thousand events, so that one of any
	// size takes the memory of a chunk. An error ends the sequence. The same seed gives
	// the same events on the same engine, and the first ones whatever their number is.
	DrawChunks(s Sampling) iter.Seq2[Draws, error]
}

// ErrNaN is what engines wrap where a log-density is not a number.
var ErrNaN = errors.New("the log-density is NaN")

// NaNError says which row has a log-density that is not a number though the row itself
// is: the weights are broken. It wraps [ErrNaN].
type NaNError struct {
	Row int // from 0
	X   []float64
}

func (e *NaNError) Error() string {
	return fmt.Sprintf("flow: %v: row %d, %v: the weights are broken", ErrNaN, e.Row, e.X)
}

func (e *NaNError) Unwrap() error { return ErrNaN }
