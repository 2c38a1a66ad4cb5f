// Package density defines the common interface of everything that scores events: a flow
// on a backend or on package fast, the model of a table, an exact density. Events are
// passed as matrices with contiguous rows, without copies.
package density

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Scorer computes log-densities of events.
type Scorer interface {
	// LogProbTo sets dst, [n], to the log-density of each row of x, in nats and in the
	// units of x. Rows are [n, D], or [n, D+C] with the context after the features, and
	// then the result is log p(x | context). -Inf is a density of 0. The error names
	// the row that has another width, is not finite, or has a log-density of NaN.
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

// Matrix returns a copy of rows as a matrix with contiguous rows, or the empty matrix
// if there are none. It returns an error that names the row if a row differs in length
// from the first, which must not be empty.
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

// Check returns an error unless x has n rows of the given number of columns and all its
// numbers are finite. The error names the first bad row.
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
