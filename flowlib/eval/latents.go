package eval

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Latents says whether latents look like draws of the unit Gaussian. It sees
// each feature and the radius; two features that lean on each other in another
// way escape it, and are left to the tests in data space.
type Latents struct {
	// Features holds the KS test of each z_d against N(0, 1).
	Features []Test `json:"features"`
	// Radius is the KS test of |z|² against the chi-squared distribution with D
	// degrees of freedom: too large where latents lie too far out all at once.
	Radius Test `json:"radius"`
	// PValue is that of all D+1 tests together: the smallest that [Holm] returns.
	PValue float64 `json:"p_value"`
}

// minLatents is where the p-value of ksUniform is right.
const minLatents = 20

// LatentsOf tests z, [n, D], which a flow's Inverse made of fresh data, against
// a unit Gaussian base. It returns an error on fewer than 20 rows, on a value
// that is not finite and on rows of different lengths, naming the row.
func LatentsOf(z [][]float64) (Latents, error) {
	u, err := PIT(z)
	if err != nil {
		return Latents{}, err
	}
	if len(z) < minLatents {
		return Latents{}, fmt.Errorf("eval: testing latents needs at least %d rows, found %d", minLatents, len(z))
	}
	var l Latents
	var pValues []float64
	column := make([]float64, len(z))
	for d := range z[0] {
		for i, row := range u {
			column[i] = row[d]
		}
		l.Features = append(l.Features, ksUniform(column))
		pValues = append(pValues, l.Features[d].PValue)
	}
	chiSquared := distuv.ChiSquared{K: float64(len(z[0]))}
	for i, row := range z {
		square := 0.0
		for _, v := range row {
			square += v * v
		}
		if math.IsInf(square, 0) {
			return Latents{}, fmt.Errorf("eval: latents: |z|² of row %d overflows", i)
		}
		column[i] = chiSquared.CDF(square)
	}
	l.Radius = ksUniform(column)
	l.PValue = slices.Min(Holm(append(pValues, l.Radius.PValue)))
	return l, nil
}

// PIT is the probability integral transform u = Φ(z) of latents, [n, D]: uniform
// on [0, 1] in each feature if z is a unit Gaussian.
func PIT(z [][]float64) ([][]float64, error) {
	if len(z) == 0 {
		return nil, fmt.Errorf("eval: latents: found no rows")
	}
	if err := checkSample("latents", z, len(z[0]), 1); err != nil {
		return nil, err
	}
	u := make([][]float64, len(z))
	for i, row := range z {
		u[i] = make([]float64, len(row))
		for d, v := range row {
			u[i][d] = distuv.UnitNormal.CDF(v)
		}
	}
	return u, nil
}

// Histogram counts, for each feature, the PIT values in equal bins of [0, 1]. Flat
// is right; U-shaped: the latents spread too far; a hill: not far enough; a slope:
// they are shifted.
type Histogram struct {
	Counts [][]int `json:"counts"` // [D][bins]
	// Expected is n/bins, and a right count strays from it by SE, the standard
	// deviation of a binomial, in both directions.
	Expected float64 `json:"expected"`
	SE       float64 `json:"se"`
}

// PITHistogram bins the PIT values of latents, [n, D], for a figure.
func PITHistogram(z [][]float64, bins int) (Histogram, error) {
	if bins < 2 {
		return Histogram{}, fmt.Errorf("eval: a PIT histogram needs at least 2 bins, found %d", bins)
	}
	u, err := PIT(z)
	if err != nil {
		return Histogram{}, err
	}
	n, share := float64(len(z)), 1/float64(bins)
	h := Histogram{Expected: n * share, SE: math.Sqrt(n * share * (1 - share))}
	for d := range z[0] {
		counts := make([]int, bins)
		for _, row := range u {
			counts[min(bins-1, int(row[d]*float64(bins)))]++ // 1 belongs to the last
		}
		h.Counts = append(h.Counts, counts)
	}
	return h, nil
}
