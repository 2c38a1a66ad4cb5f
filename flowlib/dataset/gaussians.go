package dataset

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/integrate/quad"
)

// EightGaussians returns a mixture of eight round Gaussians on a circle, equally
// likely:
//
//	x = 2√2·(cos kπ/4, sin kπ/4) + (√2/4)·N(0, I),   k = 0..7
//
// A flow must tear one mode into eight.
//
// Source: 8gaussians of https://github.com/rtqichen/ffjord/blob/master/lib/toy_data.py,
// whose 1.414 is √2 here.
func EightGaussians() *Density {
	const std = math.Sqrt2 / 4
	mixture := isotropic{std: std}
	for k := range 8 {
		sin, cos := math.Sincos(float64(k) * math.Pi / 4)
		mixture.add([2]float64{2 * math.Sqrt2 * cos, 2 * math.Sqrt2 * sin}, 1./8)
	}
	return &Density{
		Name:     "8gaussians",
		Features: 2,
		Entropy:  2.831578,
		Box:      square(2*math.Sqrt2 + 6*std),
		draw: func(rng *rand.Rand, x []float64) {
			addNoise(rng, x, mixture.centres[rng.IntN(8)], std)
		},
		logProb: mixture.logProb,
	}
}

// isotropic is a mixture of round Gaussians with one standard deviation:
//
//	p(x) = Σ_i w_i·N(x; c_i, std²·I)
//
// With the nodes of a quadrature rule as centres it is also a curve blurred by
// Gaussian noise, up to the error of the rule.
type isotropic struct {
	std       float64
	centres   [][2]float64
	logWeight []float64
}

func (m *isotropic) add(centre [2]float64, weight float64) {
	m.centres = append(m.centres, centre)
	m.logWeight = append(m.logWeight, math.Log(weight))
}

// addCurve adds the curve c(t), t in [lo, hi] with density p(t), as the nodes of
// one Gauss-Legendre rule. Neighbouring nodes are at most π/2·(hi-lo)/nodes apart
// in t, in the middle of the interval. The rule's error is that of the trapezoid
// rule on a bump of width w at spacing h, 2·exp(-2π²(w/h)²): below rounding if w > 1.4·h.
func (m *isotropic) addCurve(nodes int, lo, hi float64, c func(t float64) [2]float64, p func(t float64) float64) {
	t, weight := make([]float64, nodes), make([]float64, nodes)
	quad.Legendre{}.FixedLocations(t, weight, lo, hi)
	for i := range t {
		m.add(c(t[i]), weight[i]*p(t[i]))
	}
}

// logProb is the log-density at x, two features, in nats. It visits the centres
// twice rather than keep a term for each: the largest first, as usual against
// underflow, and then the sum of those that a float64 can tell from nothing.
func (m *isotropic) logProb(x []float64) float64 {
	precision := 1 / (2 * m.std * m.std)
	term := func(i int) float64 {
		dx, dy := x[0]-m.centres[i][0], x[1]-m.centres[i][1]
		return m.logWeight[i] - (dx*dx+dy*dy)*precision
	}
	largest := math.Inf(-1)
	for i := range m.centres {
		largest = max(largest, term(i))
	}
	sum := 0.0 // and its logarithm -Inf, where the square of every distance overflows
	for i := range m.centres {
		// A thousand terms below e^-44 of the largest add less than 1e-16 of it.
		if d := term(i) - largest; d > -44 {
			sum += math.Exp(d)
		}
	}
	return largest + math.Log(sum) - math.Log(2*math.Pi*m.std*m.std)
}

// addNoise sets x to a draw from N(centre, std²·I).
func addNoise(rng *rand.Rand, x []float64, centre [2]float64, std float64) {
	x[0] = centre[0] + std*rng.NormFloat64()
	x[1] = centre[1] + std*rng.NormFloat64()
}

// square is the window [-r, r]².
func square(r float64) [][2]float64 { return [][2]float64{{-r, r}, {-r, r}} }
