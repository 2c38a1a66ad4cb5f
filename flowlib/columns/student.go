package columns

import "math"

// student is Student's t distribution, exact in its tails: it works in logarithms, and
// with powers of t where gonum's incomplete beta function underflows.
type student struct {
	nu      float64 // degrees of freedom ν
	logNu   float64
	logBeta float64 // log B(ν/2, 1/2)
}

// Degrees of freedom for which the series converge in reasonable time.
const (
	leastFreedom = 0.05
	mostFreedom  = 100
)

func newStudent(nu float64) student {
	half, _ := math.Lgamma(nu / 2)
	more, _ := math.Lgamma((nu + 1) / 2)
	return student{nu, math.Log(nu), half - more + logPi/2}
}

// logDensity returns the log-density at |t| = exp(logT).
func (s student) logDensity(logT float64) float64 {
	return -0.5*s.logNu - s.logBeta - (s.nu+1)/2*s.logSpread(logT)
}

// logSpread returns log(1 + t²/ν).
func (s student) logSpread(logT float64) float64 {
	if logT > 300 { // t² may overflow
		return 2*logT - s.logNu
	}
	t := math.Exp(logT)
	return math.Log1p(t * t / s.nu)
}

// logTails returns log P(|T| < t) and log P(T > t) at t = exp(logT). It sums series of
// positive terms for the incomplete beta function,
//
//	I_w(a, b) = w^a (1-w)^b / (a B(a, b)) · Σ_n (a+b)_n / (a+1)_n · w^n
//
// (DLMF 8.17.8 and 15.2.1): in w = ν/(ν+t²) far out, in 1-w in the middle.
func (s student) logTails(logT float64) (logInner, logUpper float64) {
	spread := s.logSpread(logT)
	t := math.Exp(min(logT, 300))
	if t*t > min(s.nu, 9) {
		a, w := s.nu/2, math.Exp(-spread)
		rest := logT - 0.5*(s.logNu+spread) // log √(1-w)
		logUpper = rest - a*spread - s.logNu - s.logBeta + math.Log(betaSeries(a, 0.5, w))
		return math.Log1p(-2 * math.Exp(logUpper)), logUpper
	}
	v := t * t / (s.nu + t*t)
	logInner = math.Ln2 - s.logBeta + logT - 0.5*s.logNu - (s.nu+1)/2*spread + math.Log(betaSeries(0.5, s.nu/2, v))
	return logInner, math.Log(-math.Expm1(logInner)) - math.Ln2
}

func betaSeries(a, b, w float64) float64 {
	sum, term := 1.0, 1.0
	for n := range 10_000 {
		term *= w * (a + b + float64(n)) / (a + 1 + float64(n))
		sum += term
		if term < 1e-17*sum*(1-w) {
			break
		}
	}
	return sum
}

// toNormal returns y = Φ⁻¹(F(t)) ≥ 0 and log dy/dt at t = exp(logT).
func (s student) toNormal(logT float64) (y, logDet float64) {
	logInner, logUpper := s.logTails(logT)
	if logInner < -math.Ln2 {
		y = math.Sqrt2 * math.Erfinv(math.Exp(logInner))
	} else {
		y = fromLogSurvival(logUpper)
	}
	return y, s.logDensity(logT) - logPhi(y)
}

// fromNormal returns log t for the t > 0 with Φ⁻¹(F(t)) = y, y > 0. Both functions of log
// t below are concave and start beyond their asymptotes, so that Newton's method
// converges from one side.
func (s student) fromNormal(y float64) float64 {
	const most = 1500 // exceeds the logarithm of any ratio of float64s
	inner := math.Erf(y / math.Sqrt2)
	if inner < 0.5 {
		want := math.Log(inner)
		if inner < 1e-300 {
			want = math.Log(y) + 0.5*math.Log(2/math.Pi)
		}
		logT := want - math.Ln2 - s.logDensity(math.Inf(-1))
		return newton(logT, func(logT float64) (value, slope float64) {
			logInner, _ := s.logTails(logT)
			return logInner - want, math.Exp(math.Ln2 + logT + s.logDensity(logT) - logInner)
		})
	}
	want := logSurvival(y)
	a := s.nu / 2
	logT := (a*s.logNu - s.logNu - s.logBeta - want) / s.nu
	if !(logT < most) {
		return most
	}
	return newton(logT, func(logT float64) (value, slope float64) {
		_, logUpper := s.logTails(logT)
		return logUpper - want, -math.Exp(logT + s.logDensity(logT) - logUpper)
	})
}

func newton(x float64, f func(float64) (value, slope float64)) float64 {
	for range 100 {
		value, slope := f(x)
		step := value / slope
		x -= step
		if !(math.Abs(step) > 1e-15*max(1, math.Abs(x))) {
			break
		}
	}
	return x
}
