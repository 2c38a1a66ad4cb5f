package columns

import "math"

// shape is a density fitted to a column: a normal or a Student-t.
type shape struct {
	center, scale float64
	freedom       float64 // of the t; +Inf for a normal
	gain          float64 // mean log-likelihood of a value, in nats
}

// farthest bounds distances from the middle, in scales, so that squares do not overflow.
const farthest = 1e150

// fitNormal returns the likeliest normal.
func fitNormal(s sample) shape {
	m0, s0 := s.quartiles()
	z := s.standardized(m0, s0)
	mean := z.mean(func(z float64) float64 { return z })
	variance := z.mean(func(z float64) float64 { return (z - mean) * (z - mean) })
	return shape{
		center: m0 + s0*mean, scale: s0 * math.Sqrt(variance), freedom: math.Inf(1),
		gain: -0.5*logTwoPi - 0.5*math.Log(variance) - 0.5 - math.Log(s0),
	}
}

func (s sample) standardized(center, scale float64) sample {
	z := sample{s.n, make([]float64, len(s.x)), s.w}
	for i, x := range s.x {
		z.x[i] = min(max((x/2-center/2)/(scale/2), -farthest), farthest)
	}
	return z
}

// fitStudent returns the likeliest t whose degrees of freedom do not exceed what a saved
// density may have, found by golden-section search.
func fitStudent(s sample) shape {
	m0, s0 := s.quartiles()
	z := s.standardized(m0, s0)
	at := shape{center: 0, scale: 1}
	try := func(logFreedom float64, steps int) float64 {
		at.freedom = math.Exp(logFreedom)
		at.climb(z, steps)
		return at.gain
	}
	low, high := math.Log(2*leastFreedom), math.Log(mostFreedom)
	const golden = 0.6180339887498949
	a, b := high-golden*(high-low), low+golden*(high-low)
	atA, atB := try(a, 20), try(b, 10)
	for range 14 { // to 1 % of the degrees of freedom
		if atA > atB {
			high, b, atB = b, a, atA
			a = high - golden*(high-low)
			atA = try(a, 6)
		} else {
			low, a, atA = a, b, atB
			b = low + golden*(high-low)
			atB = try(b, 6)
		}
	}
	try((low+high)/2, 20)
	return shape{m0 + s0*at.center, s0 * at.scale, at.freedom, at.gain - math.Log(s0)}
}

// climb improves center and scale for the given degrees of freedom, by the
// parameter-expanded EM steps of Kent, Tyler and Vardi 1994, and measures the gain.
func (t *shape) climb(z sample, steps int) {
	nu := t.freedom
	for range steps {
		var sum, first, second float64
		for i, x := range z.x {
			r := (x - t.center) / t.scale
			w := z.w[i] * (nu + 1) / (nu + r*r)
			sum += w
			first += w * x
			second += w * (x - t.center) * (x - t.center)
		}
		shift := first/sum - t.center
		t.center += shift
		t.scale = math.Sqrt(max(second/sum-shift*shift, 1e-8)) // prevents a narrower spike
	}
	s := newStudent(nu)
	t.gain = -0.5*s.logNu - s.logBeta - math.Log(t.scale) -
		(nu+1)/2*z.mean(func(x float64) float64 {
			r := (x - t.center) / t.scale
			return math.Log1p(min(r*r/nu, math.MaxFloat64))
		})
}

// below returns the share of the shape below x.
func (t shape) below(x float64) float64 {
	y := (x/2 - t.center/2) / (t.scale / 2)
	if !math.IsInf(t.freedom, 1) {
		y, _ = Column{Kind: Tails, Center: t.center, Scale: t.scale, Freedom: t.freedom}.Forward(x)
	}
	return 0.5 * math.Erfc(-y/math.Sqrt2)
}
