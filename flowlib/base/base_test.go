package base

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// entry is one base in the tables below.
type entry struct {
	name      string
	features  int
	base      distribution
	variables int
	cdf       func(h *harness, feature int, z float64) float64 // of one feature
	box       [][2]float64                                     // support, if it is one
}

func entries() []entry {
	unit := func(_ *harness, _ int, z float64) float64 { return distuv.UnitNormal.CDF(z) }
	uniform := func(box [][2]float64) (*Uniform, func(*harness, int, float64) float64) {
		var lo, hi []float64
		for _, b := range box {
			lo, hi = append(lo, b[0]), append(hi, b[1])
		}
		return NewUniform(lo, hi), func(_ *harness, d int, z float64) float64 {
			return distuv.Uniform{Min: lo[d], Max: hi[d]}.CDF(z)
		}
	}
	student := func(nu ...float64) (*StudentT, func(*harness, int, float64) float64) {
		return NewStudentT(nu...), func(_ *harness, d int, z float64) float64 {
			return distuv.StudentsT{Sigma: 1, Nu: nu[d]}.CDF(z)
		}
	}
	var all []entry
	for features := 1; features <= 2; features++ {
		box := [][2]float64{{-1, 3}, {0.5, 0.75}}[:features]
		u, uniformCDF := uniform(box)
		s, studentCDF := student([]float64{2.5, 7}[:features]...)
		all = append(all,
			entry{"normal", features, Normal{Features: features}, 0, unit, nil},
			entry{"diagonal normal", features, NewDiagNormal(features), 2, diagNormalCDF, nil},
			entry{"uniform", features, u, 0, uniformCDF, box},
			entry{"mixture", features, NewMixture(features, 3), 3, mixtureCDF(features, 3), nil},
			entry{"mixture of one", features, NewMixture(features, 1), 3, mixtureCDF(features, 1), nil},
			entry{"Student-t", features, s, 0, studentCDF, nil},
		)
	}
	return all
}

// each runs a test for every base.
func each(t *testing.T, test func(t *testing.T, e entry)) {
	for _, e := range entries() {
		t.Run(fmt.Sprintf("%s, D=%d", e.name, e.features), func(t *testing.T) { test(t, e) })
	}
}

// rule returns points and weights of a quadrature in one feature: of the
// midpoints of thirds of the support and as much around it, or of the trapezoid
// rule in w with z = sinh w, which reaches 8e4 and so all but 1e-12 of the
// tails, and whose error is below 1e-10 for a spread of 0.2 at |z| = 2.
func (e entry) rule(feature int) (z, weight []float64) {
	if e.box != nil {
		const n = 30
		lo, width := e.box[feature][0], e.box[feature][1]-e.box[feature][0]
		for i := range 3 * n {
			z = append(z, lo-width+(float64(i)+0.5)*width/n)
			weight = append(weight, width/n)
		}
		return z, weight
	}
	const step = 0.08
	for w := -12.0; w <= 12; w += step {
		z = append(z, math.Sinh(w))
		weight = append(weight, step*math.Cosh(w))
	}
	return z, weight
}

// integrate returns mass and entropy.
func (e entry) integrate(h *harness) (mass, entropy float64) {
	points, weights := [][]float64{{}}, []float64{1}
	for d := range e.features {
		var ps [][]float64
		var ws []float64
		z, weight := e.rule(d)
		for i, p := range points {
			for j := range z {
				ps = append(ps, append(slices.Clone(p), z[j]))
				ws = append(ws, weights[i]*weight[j])
			}
		}
		points, weights = ps, ws
	}
	for i, lp := range h.logProb(points) {
		if p := math.Exp(lp); !(p == 0) {
			mass += weights[i] * p
			entropy -= weights[i] * p * lp
		}
	}
	return mass, entropy
}

func TestIntegratesToOne(t *testing.T) {
	each(t, func(t *testing.T, e entry) {
		if mass, _ := e.integrate(randomized(t, e.base, e.features)); !(math.Abs(mass-1) <= 1e-9) {
			t.Errorf("mass is %.12f", mass)
		}
	})
}

// Draws follow the density: each feature by the Kolmogorov-Smirnov distance to a
// CDF from elsewhere, and all together by the mean of the log-density.
func TestDrawsFollowTheDensity(t *testing.T) {
	const n = 20000
	each(t, func(t *testing.T, e entry) {
		h := randomized(t, e.base, e.features)
		z := h.sample(1, n, 1)
		for d := range e.features {
			column := make([]float64, n)
			for i := range z {
				column[i] = z[i][d]
			}
			slices.Sort(column)
			distance := 0.0
			for i, v := range column {
				cdf := e.cdf(h, d, v)
				distance = max(distance, math.Abs(cdf-float64(i)/n), math.Abs(cdf-float64(i+1)/n))
			}
			// P(√n·distance > 1.95) = 2·exp(-2·1.95²) = 0.001; the seed is fixed.
			if !(math.Sqrt(n)*distance <= 1.95) {
				t.Errorf("feature %d: Kolmogorov-Smirnov distance %.4f, times √n %.2f", d, distance, math.Sqrt(n)*distance)
			}
		}
		_, entropy := e.integrate(h)
		mean, std := stat.MeanStdDev(h.logProb(z), nil)
		if !(math.Abs(mean+entropy) <= 4*std/math.Sqrt(n)+1e-9) {
			t.Errorf("mean log-density of draws is %.4f ± %.4f, by quadrature %.4f", mean, std/math.Sqrt(n), -entropy)
		}
		if e.features == 2 && e.name != "mixture" { // independent features; a Student-t's ranks, as it may have no variance
			a, b := make([]float64, n), make([]float64, n)
			for i := range z {
				a[i], b[i] = e.cdf(h, 0, z[i][0]), e.cdf(h, 1, z[i][1])
			}
			if r := stat.Correlation(a, b, nil); !(math.Abs(r) <= 4/math.Sqrt(n)) {
				t.Errorf("features are correlated: %.3f", r)
			}
		}
	})
}

func TestTemperatureScalesTheSpread(t *testing.T) {
	each(t, func(t *testing.T, e entry) {
		h := randomized(t, e.base, e.features)
		centre, half, whole, double := h.sample(2, 50, 0), h.sample(2, 50, 0.5), h.sample(2, 50, 1), h.sample(2, 50, 2)
		for i := range whole {
			for d := range whole[i] {
				c, spread := centre[i][d], whole[i][d]-centre[i][d]
				if spread == 0 {
					t.Errorf("draw %d, feature %d has no spread", i, d)
				}
				atTwo := 2.0
				if e.box != nil {
					atTwo = 1
				}
				if !(math.Abs(half[i][d]-c-0.5*spread) <= 1e-12*(1+math.Abs(spread))) ||
					!(math.Abs(double[i][d]-c-atTwo*spread) <= 1e-12*(1+math.Abs(spread))) {
					t.Errorf("draw %d, feature %d at temperatures 0, ½, 1, 2: %g, %g, %g, %g", i, d, c, half[i][d], whole[i][d], double[i][d])
				}
			}
		}
		if e.name == "mixture" { // a component's centre need not be a mode of the whole
			return
		}
		atCentre, atHalf, atWhole := h.logProb(centre), h.logProb(half), h.logProb(whole)
		for i := range centre {
			if !(atCentre[i] >= atHalf[i] && atHalf[i] >= atWhole[i]) {
				t.Errorf("log-densities at temperatures 0, ½, 1 are %g, %g, %g: not falling", atCentre[i], atHalf[i], atWhole[i])
			}
		}
	})
}

func TestSameSeedSameDraws(t *testing.T) {
	each(t, func(t *testing.T, e entry) {
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
			h, again := newHarness(t, e.base, dtype), newHarness(t, e.base, dtype)
			if !slices.EqualFunc(h.sample(3, 5, 1), again.sample(3, 5, 1), slices.Equal) {
				t.Errorf("%s: one seed gave two sets of draws", dtype)
			}
			if slices.Equal(h.sample(3, 1, 1)[0], h.sample(4, 1, 1)[0]) {
				t.Errorf("%s: two seeds gave one draw", dtype)
			}
		}
	})
}

// The gradient by z agrees with central differences, every variable has one, and
// all stay finite a thousand standard deviations out, in both precisions.
func TestGradients(t *testing.T) {
	z := [][]float64{{0.3, 0.6}, {-0.9, 0.7}, {2.1, 0.55}, {1, 0.51}, {0, 0.74}}
	far := [][]float64{{1e3, -1e3}, {-1e3, 1e3}, {1e3, 0.6}, {0, 1e3}, {0, 0}}
	each(t, func(t *testing.T, e entry) {
		take := func(rows [][]float64) (cut [][]float64) {
			for _, row := range rows {
				cut = append(cut, slices.Clone(row[:e.features]))
			}
			return cut
		}
		h := randomized(t, e.base, e.features)
		grads := h.gradients(take(z))
		if len(grads) != 1+e.variables {
			t.Errorf("%d variables have a gradient, want %d", len(grads)-1, e.variables)
		}
		for path, grad := range grads {
			largest := slices.MaxFunc(grad, func(a, b float64) int { return int(math.Copysign(1, math.Abs(a)-math.Abs(b))) })
			if path != "z" && e.name != "mixture of one" && !(math.Abs(largest) > 1e-3) {
				t.Errorf("%s gets no gradient: %v", path, grad)
			}
		}
		const step = 1e-5 // error: step² of truncation, 1e-16/step of rounding
		var moved [][]float64
		for i := range z {
			for d := range e.features {
				up, down := take(z)[i], take(z)[i]
				up[d] += step
				down[d] -= step
				moved = append(moved, up, down)
			}
		}
		lp := h.logProb(moved)
		for i, got := range grads["z"] {
			if want := (lp[2*i] - lp[2*i+1]) / (2 * step); !(math.Abs(got-want) <= 1e-7*(1+math.Abs(want))) {
				t.Errorf("gradient by feature %d of %v is %.9g, by differences %.9g", i%e.features, z[i/e.features], got, want)
			}
		}
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
			h := newHarness(t, e.base, dtype)
			for i, lp := range h.logProb(take(far)) {
				if math.IsNaN(lp) || math.IsInf(lp, 0) && (e.box == nil || lp > 0) {
					t.Errorf("%s: log-density at %v is %g", dtype, far[i], lp)
				}
			}
			for path, grad := range h.gradients(take(far)) {
				for _, v := range grad {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("%s: gradient by %s far out is %v", dtype, path, grad)
						break
					}
				}
			}
		}
	})
}

// In float32 the log-density is the same to seven digits of its largest term.
func TestPrecisionsAgree(t *testing.T) {
	z := [][]float64{{0.25, 0.625}, {-0.875, 0.75}, {2, 0.5625}, {50, -30}} // exact in float32
	each(t, func(t *testing.T, e entry) {
		for i := range z {
			z[i] = z[i][:e.features:2]
		}
		single, double := newHarness(t, e.base, dtypes.Float32).logProb(z), newHarness(t, e.base, dtypes.Float64).logProb(z)
		for i := range z {
			if !(single[i] == double[i] || math.Abs(single[i]-double[i]) <= 1e-6*(1+math.Abs(double[i]))) {
				t.Errorf("log-density at %v is %.9g in float32, %.9g in float64", z[i], single[i], double[i])
			}
		}
	})
}

func TestLogProbOfNaNIsNaN(t *testing.T) {
	each(t, func(t *testing.T, e entry) {
		z := [][]float64{[]float64{0.6, math.NaN()}[2-e.features:], []float64{math.NaN(), 9}[:e.features]}
		for i, lp := range newHarness(t, e.base, dtypes.Float32).logProb(z) {
			if !math.IsNaN(lp) {
				t.Errorf("log-density at %v is %g", z[i], lp)
			}
		}
	})
}

func TestImpossibleArgumentsPanic(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, build := range map[string]func(){
		"no features":       func() { NewDiagNormal(0) },
		"mixture of none":   func() { NewMixture(2, 0) },
		"mixture over none": func() { NewMixture(0, 2) },
		"empty box":         func() { NewUniform(nil, nil) },
		"unequal bounds":    func() { NewUniform([]float64{0}, []float64{1, 2}) },
		"lo == hi":          func() { NewUniform([]float64{0, 1}, []float64{1, 1}) },
		"NaN bound":         func() { NewUniform([]float64{nan}, []float64{1}) },
		"infinite bound":    func() { NewUniform([]float64{0}, []float64{inf}) },
		"no ν":              func() { NewStudentT() },
		"ν = 0":             func() { NewStudentT(3, 0) },
		"ν is NaN":          func() { NewStudentT(nan) },
		"ν infinite":        func() { NewStudentT(inf) },
		"too many features": func() { newHarness(t, Normal{Features: 2}, dtypes.Float64).panicking([]float64{1, 2, 3}) },
		"uniform, too few": func() {
			newHarness(t, NewUniform([]float64{0, 0}, []float64{1, 1}), dtypes.Float64).panicking([]float64{1})
		},
		"mixture, too few":   func() { newHarness(t, NewMixture(2, 2), dtypes.Float64).panicking([]float64{1}) },
		"Student-t, too few": func() { newHarness(t, NewStudentT(1, 2), dtypes.Float64).panicking([]float64{1}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("was accepted")
				}
			}()
			build()
		})
	}
}
