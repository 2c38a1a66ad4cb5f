// Package density is what everything that scores events has in common, whatever computes
// it: a flow on a backend or on package fast, the model of a table, an exact density. It
// passes events as matrices, whose rows lie one behind another, without copies.
package density

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Scorer scores events.
type Scorer interface {
	// LogProbTo sets dst, [n], to the log-density of each row of x, in nats and in the
	// units of x. Rows are [n, D], or [n, D+C] with the context of each behind its
	// features: then it is log p(x | context). -Inf is a density of 0. The error says
	// which row has another width, or is not finite, or has a log-density of NaN.
	LogProbTo(dst []float64, x *mat.Dense) error
}

// LogProb returns the log-density of each row, see [Scorer].
func LogProb(s Scorer, rows [][]float64) ([]float64, error) {
	x, err := Matrix(rows)
	if err != nil {
		return nil, err
	}
	logProb := make([]float64, len(rows))
	if err := s.LogProbTo(logProb, x); err != nil {
		return nil, err
	}
	return logProb, nil
}

// Matrix returns a copy of rows, one behind another; of none, the empty matrix. The
// error names a row of another length than the first, which has one number at least.
func Matrix(rows [][]float64) (*mat.Dense, error) {
	if len(rows) == 0 {
		return &mat.Dense{}, nil
	}
	width := len(rows[0])
	if width == 0 {
		return nil, fmt.Errorf("density: row 0 has no columns, expected at least 1")
	}
	flat := make([]float64, 0, len(rows)*width)
	for i, row := range rows {
		if len(row) != width {
			return nil, fmt.Errorf("density: row %d has %d columns, row 0 has %d", i, len(row), width)
		}
		flat = append(flat, row...)
	}
	return mat.NewDense(len(rows), width, flat), nil
}

// Rows returns the rows of x, which share its memory.
func Rows(x *mat.Dense) [][]float64 {
	n, _ := x.Dims()
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = x.RawRowView(i)
	}
	return rows
}

// Check returns an error that names the first row of x that has not columns numbers, or
// holds one that is not finite, or that says that there are not n of them.
func Check(x *mat.Dense, n, columns int) error {
	rows, width := x.Dims()
	if rows != n {
		return fmt.Errorf("%d rows, expected %d", rows, n)
	}
	if rows > 0 && width != columns {
		return fmt.Errorf("row 0 has %d features, expected %d", width, columns)
	}
	for i := range rows {
		for j, v := range x.RawRowView(i) {
			if v-v != 0 {
				return fmt.Errorf("row %d, column %d is %g, expected a finite number", i, j, v)
			}
		}
	}
	return nil
}
