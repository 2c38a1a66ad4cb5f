package dataset

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// Standardizer is the element-wise map x = Mean + Std·u from standardized to
// original units. A flow carries it as its last bijector, so that densities
// stay in original units: it contributes Σ_d ln Std_d to the log-determinant.
type Standardizer struct {
	Mean []float64 `json:"mean"` // [D]
	Std  []float64 `json:"std"`  // [D], all positive
}

// NewStandardizer measures mean and standard deviation of each column of rows,
// [n, D]. It returns an error that names row and column where a value is not
// finite, where rows differ in length, or where a column is constant.
func NewStandardizer(rows [][]float64) (*Standardizer, error) {
	if len(rows) < 2 {
		return nil, fmt.Errorf("dataset: standardizing needs at least 2 rows, got %d", len(rows))
	}
	d := len(rows[0])
	if err := CheckRows(rows, d); err != nil {
		return nil, err
	}
	s := &Standardizer{Mean: make([]float64, d), Std: make([]float64, d)}
	column := make([]float64, len(rows))
	for j := range d {
		for i, row := range rows {
			column[i] = row[j]
		}
		s.Mean[j], s.Std[j] = stat.MeanStdDev(column, nil)
		// A spread below the rounding of float32 is no spread to a model in float32.
		if !(s.Std[j] > 1e-7*math.Abs(s.Mean[j])) || math.IsInf(s.Std[j], 0) {
			return nil, fmt.Errorf("dataset: column %d cannot be standardized: mean %g, standard deviation %g (a constant column carries no density: drop it)", j, s.Mean[j], s.Std[j])
		}
	}
	return s, nil
}

// CheckRows returns an error naming the first row that has not d features or
// holds a value that is not finite.
func CheckRows(rows [][]float64, d int) error {
	for i, row := range rows {
		if len(row) != d {
			return fmt.Errorf("dataset: row %d has %d features, expected %d", i, len(row), d)
		}
		for j, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("dataset: row %d, column %d is %g, expected a finite number", i, j, v)
			}
		}
	}
	return nil
}
