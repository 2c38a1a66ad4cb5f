// Package eval judges a fitted flow: on fresh data, against the true density where it
// is known, and by properties that every density must have.
package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// Estimate is a mean with its standard error.
type Estimate struct {
	Mean float64 `json:"mean"`
	SE   float64 `json:"se"`
}

// mean returns an error if a value is NaN or infinite, naming the row, or if there are
// fewer than two values, which a standard error needs.
func mean(values []float64, what string) (Estimate, error) {
	if len(values) < 2 {
		return Estimate{}, fmt.Errorf("eval: the mean of %s needs at least 2 rows, found %d", what, len(values))
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Estimate{}, fmt.Errorf("eval: %s of row %d is %g", what, i, v)
		}
	}
	m, std := stat.MeanStdDev(values, nil)
	return Estimate{m, stat.StdErr(std, float64(len(values)))}, nil
}

// NLL returns the mean of -log q over the rows of x, [n, D], in nats.
func NLL(m density.Scorer, x [][]float64) (Estimate, error) {
	logProb, err := density.LogProb(m, x)
	if err != nil {
		return Estimate{}, err
	}
	for i := range logProb {
		logProb[i] = -logProb[i]
	}
	return mean(logProb, "NLL")
}

// KL estimates KL(p‖q) in nats as the mean of log p - log q over x, fresh draws of the
// true density p. The sampling noise of the entropy cancels row by row, so for a good
// fit the standard error is far below that of the NLL, unless p is uniform and has no
// such noise. It returns an error if m is conditional, or if x and p differ in their
// number of features.
func KL(m density.Scorer, p *dataset.Density, x [][]float64) (Estimate, error) {
	if err := checkUnconditional(m, "can be compared with a density"); err != nil {
		return Estimate{}, err
	}
	if err := dataset.CheckRows(x, p.Features); err != nil {
		return Estimate{}, fmt.Errorf("eval: the density %s has %d features: %w", p.Name, p.Features, err)
	}
	logQ, err := density.LogProb(m, x)
	if err != nil {
		return Estimate{}, err
	}
	diff := p.LogProb(x)
	for i := range diff {
		diff[i] -= logQ[i]
	}
	return mean(diff, "log p - log q")
}

// checkUnconditional returns an error if s is a conditional flow.
func checkUnconditional(s density.Scorer, what string) error {
	if m, ok := s.(Subject); ok && m.Context() > 0 {
		return fmt.Errorf("eval: the flow is conditional on %d columns: only flows without a context %s", m.Context(), what)
	}
	return nil
}

// checkTruth returns an error if p cannot be the density that m was fitted to.
func checkTruth(m Subject, p *dataset.Density) error {
	if p.Features != m.Features() {
		return fmt.Errorf("eval: the density %s has %d features, the flow has %d", p.Name, p.Features, m.Features())
	}
	return checkUnconditional(m, "can be compared with a density")
}

// Integral returns the total mass of the flow, which must be 1, as a sum over a grid of
// n×n cells. The window is box widened by half its size on each side; mass outside it
// is missed. Integral returns an error for a conditional flow: sum a [density.NewGrid]
// of log p(x | context) for a context of your choice instead.
func Integral(m density.Scorer, box [][2]float64, n int) (float64, error) {
	if err := checkUnconditional(m, "have one integral"); err != nil {
		return 0, err
	}
	wide := make([][2]float64, len(box))
	for d, b := range box {
		half := (b[1] - b[0]) / 2
		wide[d] = [2]float64{b[0] - half, b[1] + half}
	}
	g, err := density.NewGrid(m, wide, n)
	if err != nil {
		return 0, err
	}
	return g.Sum(), nil
}

// RoundTrip returns max |x - f(f⁻¹(x))| / max(1, |x|) over all values of x, [n, D], or
// [n, D+C] with the context last. It returns 0 if there are no rows, and an error if a
// row comes back as what is not finite.
func RoundTrip(m *flow.Model, x [][]float64) (float64, error) {
	states, err := m.Inverse(x)
	if err != nil || len(x) == 0 {
		return 0, err
	}
	z := states[len(states)-1]
	for i := range z {
		z[i] = slices.Concat(z[i], x[i][m.Features():])
	}
	back, err := m.Forward(z)
	if err != nil {
		return 0, err
	}
	worst := 0.0
	for i, row := range back[len(back)-1] {
		for d, v := range row {
			diff := math.Abs(v-x[i][d]) / max(1, math.Abs(x[i][d]))
			if math.IsNaN(diff) || math.IsInf(diff, 0) {
				return 0, fmt.Errorf("eval: round trip of %v gives %v", x[i], row)
			}
			worst = max(worst, diff)
		}
	}
	return worst, nil
}

// FarOut returns x with the last n rows replaced by points at stds standard deviations
// from the mean, in random directions of standardized space, where round trips are
// least exact. The other rows are shared with x. It returns an error if x has fewer
// than n rows.
func FarOut(x [][]float64, n int, stds float64, seed int64) ([][]float64, error) {
	s, err := dataset.NewStandardizer(x)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > len(x) {
		return nil, fmt.Errorf("eval: cannot move %d of %d rows far out", n, len(x))
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 10))
	moved := append([][]float64{}, x...)
	for i := len(x) - n; i < len(x); i++ {
		direction := make([]float64, len(s.Mean))
		norm := 0.0
		for d := range direction {
			direction[d] = rng.NormFloat64()
			norm = math.Hypot(norm, direction[d])
		}
		for d := range direction {
			direction[d] = s.Mean[d] + stds*s.Std[d]*direction[d]/norm
		}
		moved[i] = direction
	}
	return moved, nil
}
