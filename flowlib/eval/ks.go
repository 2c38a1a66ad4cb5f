package eval

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Test is the outcome of a significance test.
type Test struct {
	Statistic float64 `json:"statistic"`
	// PValue is the probability of a statistic at least as large if the hypothesis is
	// true. A true hypothesis has a p-value below α with probability at most α.
	PValue float64 `json:"p_value"`
}

// ksUniform tests u against the uniform distribution on [0, 1] with the
// statistic of Kolmogorov and Smirnov, the largest distance between the two
// distribution functions. u, of finite numbers, is sorted in place.
//
// The p-value is Kolmogorov's limit at x + 1/(6√n) + (x-1)/(4n), x = √n·D, the
// correction of Vrbik 2020, https://doi.org/10.4236/am.2020.113018. From n = 20 on
// it is exact to 0.0006, where Stephens' of 1970 is off by up to 0.02.
func ksUniform(u []float64) Test {
	slices.Sort(u)
	n := float64(len(u))
	d := 0.0
	for i, v := range u {
		d = max(d, float64(i+1)/n-v, v-float64(i)/n)
	}
	root := math.Sqrt(n)
	x := root * d
	return Test{d, kolmogorovTail(x + 1/(6*root) + (x-1)/(4*n))}
}

// kolmogorovTail is the probability that a Brownian bridge strays at least x
// from zero, the limit of P(√n·D ≥ x). Its two series are one theta function:
// the first needs few terms above x = 1, the second below. See Marsaglia, Tsang
// and Wang 2003, https://doi.org/10.18637/jss.v008.i18.
func kolmogorovTail(x float64) float64 {
	sum := 0.0
	if x >= 1 {
		for k := 5.0; k >= 1; k-- {
			sum = math.Exp(-2*k*k*x*x) - sum
		}
		return min(1, 2*sum)
	}
	if x < 0.1 { // 1 to within 1e-50; spares the division by zero
		return 1
	}
	for k := 1.0; k <= 9; k += 2 {
		sum += math.Exp(-k * k * math.Pi * math.Pi / (8 * x * x))
	}
	return max(0, 1-math.Sqrt(2*math.Pi)/x*sum)
}

// exactCells bounds the cells of the recursion that [smirnovTail] runs through:
// a third of a second. Samples this large follow the limit.
const exactCells = 4e7

// ksTwoSample tests whether x and y, which are sorted in place, come from one
// distribution. Values may be infinite, not NaN; ties make the p-value
// conservative.
func ksTwoSample(x, y []float64) Test {
	slices.Sort(x)
	slices.Sort(y)
	d := stat.KolmogorovSmirnov(x, nil, y, nil)
	n, m := float64(len(x)), float64(len(y))
	if n*m > exactCells {
		return Test{d, kolmogorovTail(math.Sqrt(n*m/(n+m)) * d)}
	}
	return Test{d, smirnovTail(d, len(x), len(y))}
}

// smirnovTail is P(D ≥ d), exactly, for samples of n and m without ties. Their
// merged order is a path of n steps to the right and m upwards, all paths being
// equally likely, and D is its largest distance |i/n - j/m| from the diagonal.
// Of the paths to (i, j) the share i/(i+j) came from the left; so follows the
// share that has strayed. All terms are positive: small tails keep their digits.
//
// Source: Hodges 1958, https://doi.org/10.1007/BF02589501, who counts paths.
func smirnovTail(d float64, n, m int) float64 {
	far := int(math.Round(d * float64(n) * float64(m))) // D·n·m is whole
	strayed := make([]float64, m+1)                     // of the paths to (i, j), by j
	for i := range n + 1 {
		for j := range m + 1 {
			switch {
			case i*m-j*n >= far || j*n-i*m >= far:
				strayed[j] = 1
			case j > 0:
				strayed[j] = (float64(i)*strayed[j] + float64(j)*strayed[j-1]) / float64(i+j)
			}
		}
	}
	return strayed[m]
}
