package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// curve is Durkan et al. 2019, equations 4 and 5, in double precision, as a specification
// that shares nothing with the kernels: z = g(x) and log g'(x).
func curve(x float64, raw []float64, bins int, bound float64) (z, logSlope float64) {
	if !(math.Abs(x) <= bound) {
		return x, 0
	}
	knots := func(raw []float64) []float64 {
		sum := 0.0
		for _, r := range raw {
			sum += math.Exp(r)
		}
		at := []float64{-bound}
		for k, r := range raw {
			share := MinimumShare + (1-MinimumShare*float64(bins))*math.Exp(r)/sum
			at = append(at, at[k]+2*bound*share)
		}
		return at
	}
	xs, ys := knots(raw[:bins]), knots(raw[bins:2*bins])
	slopes := []float64{1}
	for _, r := range raw[2*bins:] {
		slopes = append(slopes, MinimumShare+math.Log1p(math.Exp(r+math.Log(math.Expm1(1-MinimumShare)))))
	}
	slopes = append(slopes, 1)
	k := 0
	for k < bins-1 && x >= xs[k+1] {
		k++
	}
	w, h := xs[k+1]-xs[k], ys[k+1]-ys[k]
	s, xi := h/w, (x-xs[k])/w
	below := s + (slopes[k+1]+slopes[k]-2*s)*xi*(1-xi)
	z = ys[k] + h*(s*xi*xi+slopes[k]*xi*(1-xi))/below
	return z, math.Log(s * s * (slopes[k+1]*xi*xi + 2*s*xi*(1-xi) + slopes[k]*(1-xi)*(1-xi)) / (below * below))
}

// splines calls test with curves of several sizes, their raw numbers and events, some
// of them at the edges and beyond.
func splines(t *testing.T, test func(t *testing.T, s *Set, p *Spline, v, raw []float32)) {
	eachSet(t, func(t *testing.T, s *Set) {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, bins := range []int{2, 3, 8, 30} {
			for _, spread := range []float32{0, 1, 3} {
				const stride = 3 * Block
				v, raw := random(rng, Block, 2), random(rng, (3*bins-1)*stride, spread)
				copy(v, []float32{0, -4, 4, 4.001, -100, 1e30, -1e30, 3.9999})
				test(t, s, NewSpline(bins, 4, stride), v, raw)
			}
		}
	})
}

// rawOf are the parameters of event i.
func rawOf(p *Spline, raw []float32, i int) []float64 {
	all := make([]float64, 3*p.Bins-1)
	for k := range all {
		all[k] = float64(raw[k*p.Stride+i])
	}
	return all
}

func TestSplineInverse(t *testing.T) {
	splines(t, func(t *testing.T, s *Set, p *Spline, v, raw []float32) {
		z, logDet := make([]float32, Block), make([]float32, Block)
		s.SplineInverse(p, z, logDet, v, raw)
		for i, x := range v {
			wantZ, wantLog := curve(float64(x), rawOf(p, raw, i), p.Bins, 4)
			// The widths are float32s: where g is steep, z is off by as much more.
			if got := float64(z[i]); !(math.Abs(got-wantZ) <= 1e-6*(1+math.Exp(wantLog))*(1+math.Abs(wantZ))) {
				t.Fatalf("%d bins, event %d at %g: z is %g, want %g", p.Bins, i, x, got, wantZ)
			}
			if got := float64(logDet[i]); !(math.Abs(got-wantLog) <= 2e-3*(1+math.Abs(wantLog))) {
				t.Fatalf("%d bins, event %d at %g: log g' is %g, want %g", p.Bins, i, x, got, wantLog)
			}
		}
	})
}

func TestSplineForward(t *testing.T) {
	splines(t, func(t *testing.T, s *Set, p *Spline, v, raw []float32) {
		x, logDet := append([]float32{}, v...), make([]float32, Block)
		s.SplineForward(p, x, logDet, x, raw) // in place
		for i := range x {
			z, logSlope := curve(float64(x[i]), rawOf(p, raw, i), p.Bins, 4)
			near := 2e-6 * (1 + math.Exp(logSlope)) * (1 + math.Abs(z)) // x is rounded, where g is steep
			if !(z == float64(v[i]) || math.Abs(z-float64(v[i])) <= near) {
				t.Fatalf("%d bins, event %d: g(g⁻¹(%g)) = %g", p.Bins, i, v[i], z)
			}
			if got, want := float64(logDet[i]), -logSlope; math.Abs(got-want) > 1e-2*(1+math.Abs(want)) {
				t.Fatalf("%d bins, event %d at %g: log-determinant %g, want %g", p.Bins, i, v[i], got, want)
			}
		}
	})
}

// The gradient of L = Σ c·z - weight·log g' against central differences of the
// specification.
func TestSplineBackward(t *testing.T) {
	splines(t, func(t *testing.T, s *Set, p *Spline, v, raw []float32) {
		rng := rand.New(rand.NewPCG(7, 8))
		c, weight := random(rng, Block, 1), random(rng, Block, 1)
		z, logDet := make([]float32, Block), make([]float32, Block)
		s.SplineInverse(p, z, logDet, v, raw)
		d, draw := append([]float32{}, c...), make([]float32, len(raw))
		s.SplineBackward(p, draw, d, v, weight)
		for i, x := range v {
			if math.Abs(math.Abs(float64(x))-4) < 1e-3 || math.Abs(float64(x)) > 1e3 {
				continue // a kink, where a difference tells nothing
			}
			of := rawOf(p, raw, i)
			loss := func(x float64) float64 {
				z, logSlope := curve(x, of, p.Bins, 4)
				return float64(c[i])*z - float64(weight[i])*logSlope
			}
			slope := func(at *float64, loss func() float64) float64 {
				const h = 1e-5
				before := *at
				*at = before + h
				up := loss()
				*at = before - h
				down := loss()
				*at = before
				return (up - down) / (2 * h)
			}
			at := float64(x)
			want := slope(&at, func() float64 { return loss(at) })
			_, logSlope := curve(at, of, p.Bins, 4)
			// log g' is continuous but has kinks at the knots: no difference across one.
			if !(math.Abs(float64(d[i])-want) <= 2e-3*(1+math.Abs(want))*(1+math.Exp(math.Abs(logSlope)))) {
				t.Fatalf("%d bins, event %d at %g: dL/dx = %g, want %g", p.Bins, i, x, d[i], want)
			}
			for k := range of {
				want := slope(&of[k], func() float64 { return loss(float64(x)) })
				if got := float64(draw[k*p.Stride+i]); !(math.Abs(got-want) <= 2e-3*(1+math.Abs(want))*(1+math.Exp(math.Abs(logSlope)))) {
					t.Fatalf("%d bins, event %d at %g: dL/draw %d = %g, want %g", p.Bins, i, x, k, got, want)
				}
			}
		}
	})
}

func TestSplineNaN(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		p := NewSpline(8, 4, Block)
		nan := float32(math.NaN())
		v, raw := make([]float32, Block), make([]float32, 23*Block)
		v[3], raw[Block+5] = nan, nan
		z, logDet := make([]float32, Block), make([]float32, Block)
		s.SplineInverse(p, z, logDet, v, raw)
		for i := range z {
			if nan := math.IsNaN(float64(z[i])); nan != (i == 3 || i == 5) {
				t.Errorf("event %d: z is %g", i, z[i])
			}
		}
	})
}

func BenchmarkSpline(b *testing.B) {
	for _, s := range All() {
		b.Run(s.Name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			p := NewSpline(8, 4, Block)
			v, raw, draw := random(rng, Block, 2), random(rng, 23*Block, 1), make([]float32, 23*Block)
			out, logDet, weight := make([]float32, Block), make([]float32, Block), random(rng, Block, 1)
			b.Run("inverse", func(b *testing.B) {
				for b.Loop() {
					s.SplineInverse(p, out, logDet, v, raw)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Block, "ns/event")
			})
			b.Run("forward", func(b *testing.B) {
				for b.Loop() {
					s.SplineForward(p, out, logDet, v, raw)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Block, "ns/event")
			})
			b.Run("backward", func(b *testing.B) {
				s.SplineInverse(p, out, logDet, v, raw)
				for b.Loop() {
					s.SplineBackward(p, draw, out, v, weight)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Block, "ns/event")
			})
		})
	}
}
