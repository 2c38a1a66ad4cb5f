package dataset

import (
	"fmt"
	"math"
)

// Standardizer is the map between the units of the data, x, and standardized ones, u,
// that a flow and its engines work in:
//
//	u = L⁻¹((x - Mean)/Std),   log|det du/dx| = -Σ_d ln Std_d·L_dd
//
// where L is Factor, the identity unless [NewWhitener] has measured it.
//
// It is applied in float64 to rows as they are read, before anything becomes
// float32, which has seven digits: of the seconds since 1970 it would leave steps of
// two minutes. nil is the identity.
//
// This is the one place that knows how data are scaled: models on disk, graphs and
// package fast know Apply, Invert and LogDet only.
type Standardizer struct {
	Mean []float64 `json:"mean"` // [D]
	Std  []float64 `json:"std"`  // [D], all positive
	// Factor is a lower triangular matrix, row d of d+1 numbers, positive on the
	// diagonal: the Cholesky factor of the correlation of the columns. nil is the
	// identity.
	Factor [][]float64 `json:"factor,omitempty"`
}

// Apply sets u, [D], to the standardized row x, [D], which may be the same slice. What
// is beyond the range of a float64 becomes an infinity; only NaN gives NaN.
func (s *Standardizer) Apply(u, x []float64) {
	if s == nil {
		copy(u, x)
		return
	}
	isNaN := false
	for d, mean := range s.Mean {
		u[d] = (x[d] - mean) / s.Std[d]
		if s.Factor == nil {
			continue
		}
		isNaN = isNaN || math.IsNaN(u[d])
		for k, l := range s.Factor[d][:d] {
			u[d] -= l * u[k]
		}
		u[d] /= s.Factor[d][d]
		if math.IsNaN(u[d]) && !isNaN { // an infinity less another, or times 0
			u[d] = math.Inf(1)
		}
	}
}

// Invert sets x, [D], to the row in the units of the data of u, [D], which may be the
// same slice.
func (s *Standardizer) Invert(x, u []float64) {
	if s == nil {
		copy(x, u)
		return
	}
	for d := len(s.Mean) - 1; d >= 0; d-- { // from the last on: u may be x
		v := u[d]
		if s.Factor != nil {
			v = 0
			for k, l := range s.Factor[d] {
				v += l * u[k]
			}
		}
		x[d] = s.Mean[d] + s.Std[d]*v
	}
}

// LogDet returns log|det du/dx| of Apply, in nats: what to add to a log-density of u
// for that of x.
func (s *Standardizer) LogDet() float64 {
	if s == nil {
		return 0
	}
	sum := 0.0
	for _, std := range s.Std {
		sum -= math.Log(std)
	}
	for d, row := range s.Factor {
		sum -= math.Log(row[d])
	}
	return sum
}

// Check returns an error unless s is nil, or has a finite mean and a positive and
// finite standard deviation for each of the given number of columns, and no Factor or
// one of its shape.
func (s *Standardizer) Check(columns int) error {
	if s == nil {
		return nil
	}
	if len(s.Mean) != columns || len(s.Std) != columns {
		return fmt.Errorf("%d means and %d standard deviations for %d columns", len(s.Mean), len(s.Std), columns)
	}
	for d, std := range s.Std {
		if mean := s.Mean[d]; !(std > 0) || math.IsInf(std, 0) || math.IsNaN(mean) || math.IsInf(mean, 0) {
			return fmt.Errorf("mean %g and standard deviation %g for column %d, expected finite numbers, the second positive", mean, std, d)
		}
	}
	if s.Factor == nil {
		return nil
	}
	if len(s.Factor) != columns {
		return fmt.Errorf("a factor of %d rows for %d columns", len(s.Factor), columns)
	}
	for d, row := range s.Factor {
		if len(row) != d+1 {
			return fmt.Errorf("a factor with %d numbers in row %d, expected %d", len(row), d, d+1)
		}
		for _, l := range row {
			if math.IsNaN(l) || math.IsInf(l, 0) || !(row[d] > 0) {
				return fmt.Errorf("a factor with row %v, expected finite numbers, the last positive", row)
			}
		}
	}
	return nil
}

// leastSteps is how many steps between neighbouring float64s a standard deviation must
// span. A column with fewer is a grid, which a density would learn.
const leastSteps = 100

// NewStandardizer measures mean and standard deviation of each column of rows, [n, D]. It
// returns an error that names row and column if a value is not finite, if rows differ in
// length, or if a column is constant or nearly so in float64.
func NewStandardizer(rows [][]float64) (*Standardizer, error) {
	return NewWeightedStandardizer(rows, nil)
}

// NewWeightedStandardizer is [NewStandardizer] for rows with weights, of which only the
// ratios matter; nil weighs all rows the same. The variance is the weighted mean square
// times n/(n-1), where n is [EffectiveRows]. It also returns the errors of
// [CheckWeights].
func NewWeightedStandardizer(rows [][]float64, weights []float64) (*Standardizer, error) {
	if err := CheckWeights(weights, len(rows)); err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("dataset: standardizing needs at least 2 rows, found %d", len(rows))
	}
	d := len(rows[0])
	if err := CheckRows(rows, d); err != nil {
		return nil, err
	}
	s := &Standardizer{Mean: make([]float64, d), Std: make([]float64, d)}
	for j := range d {
		largest := 0.0
		s.Mean[j], s.Std[j], largest = spread(rows, weights, j)
		step := math.Nextafter(largest, math.Inf(1)) - largest
		switch {
		case s.Std[j] == 0:
			return nil, fmt.Errorf("dataset: column %d cannot be standardized: it is %g in all %d rows (a constant column carries no density: drop it)", j, s.Mean[j], len(rows))
		case !(s.Std[j] >= leastSteps*step) || math.IsInf(s.Std[j], 0):
			return nil, fmt.Errorf("dataset: column %d cannot be standardized: mean %.17g, standard deviation %g, where neighbouring float64s are %g apart: shift or scale it", j, s.Mean[j], s.Std[j], step)
		}
	}
	return s, nil
}

// spread returns mean and standard deviation of a column, and its largest magnitude.
// It scales by a power of two, which rounds nothing, so that no square overflows or
// vanishes, and takes differences before sums, so that a large mean costs no digits.
func spread(rows [][]float64, weights []float64, column int) (mean, std, largest float64) {
	heaviest := 0.0
	for i, row := range rows {
		if w := weightAt(weights, i); w > 0 {
			largest, heaviest = max(largest, math.Abs(row[column])), max(heaviest, w)
		}
	}
	_, exponent := math.Frexp(largest)
	scaled := func(row []float64) float64 { return math.Ldexp(row[column], -exponent) }
	first, n, total := 0.0, 0.0, 0.0 // total: sum of the squared weights
	for i, row := range rows {
		w := weightAt(weights, i) / heaviest
		if w == 0 {
			continue
		}
		if n == 0 {
			first = scaled(row)
		}
		n += w
		total += w * w
		mean += w * (scaled(row) - first)
	}
	mean = first + mean/n
	sum, squares := 0.0, 0.0
	for i, row := range rows {
		w := weightAt(weights, i) / heaviest
		if w == 0 {
			continue
		}
		d := scaled(row) - mean
		sum += w * d
		squares += w * d * d
	}
	// sum is what the mean lost in rounding. The divisor is n-1 if all weights are 1.
	std = math.Sqrt(max(0, squares-sum*sum/n) / (n - total/n))
	return math.Ldexp(mean, exponent), math.Ldexp(std, exponent), largest
}

// CheckRows returns an error that names the first row that does not have d features or
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
