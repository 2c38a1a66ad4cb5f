package flow

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/columns"
	"normflow/flowlib/density"
)

// mappedEngine scores and draws by an engine of mapped columns.
type mappedEngine struct {
	inner           Engine
	columns         columns.Map
	features, width int
	mapped, logDet  []float64
}

// LogProbTo implements [density.Scorer].
func (e *mappedEngine) LogProbTo(dst []float64, x *mat.Dense) error {
	if err := density.Check(x, len(dst), e.width); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	n := len(dst)
	if n == 0 {
		return nil
	}
	e.mapped, e.logDet = slices.Grow(e.mapped[:0], n*e.width)[:n*e.width], slices.Grow(e.logDet[:0], n)[:n]
	for i := range dst {
		row, y := x.RawRowView(i), e.mapped[i*e.width:(i+1)*e.width]
		e.logDet[i] = e.columns.Apply(y[:e.features], row[:e.features])
		copy(y[e.features:], row[e.features:])
	}
	return scoreMapped(dst, e.inner, x, mat.NewDense(n, e.width, e.mapped), e.logDet)
}

// scoreMapped sets dst, [n], to the log-densities of rows x by an engine of y, to which they
// are mapped with these log|det dy/dx|, [n]: -Inf is outside the support.
func scoreMapped(dst []float64, inner Engine, x, y *mat.Dense, logDets []float64) error {
	if err := inner.LogProbTo(dst, y); err != nil {
		var nan *NaNError
		if errors.As(err, &nan) {
			return &NaNError{nan.Row, x.RawRowView(nan.Row)}
		}
		return err
	}
	for i, logDet := range logDets {
		if dst[i] += logDet; math.IsInf(logDet, -1) { // not NaN, where the density is infinite
			dst[i] = logDet
		}
	}
	return nil
}

// DrawChunks implements [Engine].
func (e *mappedEngine) DrawChunks(s Sampling) iter.Seq2[Draws, error] {
	return func(yield func(Draws, error) bool) {
		inner := s
		inner.LogProb = false
		first := 0
		for d, err := range e.inner.DrawChunks(inner) {
			for _, x := range d.X {
				e.columns.Invert(x, x)
			}
			if err == nil && s.LogProb {
				d.LogProb, err = density.LogProb(e, s.rows(d.X, first))
			}
			first += len(d.X)
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}
