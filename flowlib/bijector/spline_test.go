package bijector_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
)

// curve evaluates a spline of one feature at the points v, for fixed raw
// parameters. The gradients are those of Σ out + Σ logDeriv.
func curve(t *testing.T, s bijector.Spline, raw []float64, v []float64, forward bool) (out, logDeriv, gradV, gradRaw []float64) {
	t.Helper()
	results, err := model.CallOnceN(backendtest.Open(t), model.NewStore(), func(scope *model.Scope, v, raw *graph.Node) []*graph.Node {
		column := graph.Reshape(v, -1, 1)
		wide := graph.BroadcastToDims(graph.Reshape(raw, -1, 1, 1), raw.Shape().Dim(0), v.Shape().Dim(0), 1)
		apply := s.Inverse
		if forward {
			apply = s.Forward
		}
		out, logDeriv := apply(column, wide)
		sum := graph.Add(graph.ReduceAllSum(out), graph.ReduceAllSum(logDeriv))
		grads := graph.Gradient(sum, v, raw)
		return []*graph.Node{graph.Reshape(out, -1), graph.Reshape(logDeriv, -1), grads[0], grads[1]}
	}, v, raw)
	if err != nil {
		t.Fatal(err)
	}
	numbers := func(i int) []float64 { return results[i].Value().([]float64) }
	return numbers(0), numbers(1), numbers(2), numbers(3)
}

// knots of a spline, by the definition: shares of 2·bound.
func knots(s bijector.Spline, raw []float64) []float64 {
	sum := 0.0
	for _, r := range raw[:s.Bins] {
		sum += math.Exp(r)
	}
	at, all := -s.Bound, []float64{-s.Bound}
	for _, r := range raw[:s.Bins] {
		at += 2 * s.Bound * (1e-3 + (1-1e-3*float64(s.Bins))*math.Exp(r)/sum)
		all = append(all, at)
	}
	return all
}

// On the knots, on the bounds, one float beside them, far outside, and with raw
// parameters of any size: value, slope and gradients are finite, the curve rises,
// and its root is found again.
func TestSplineAtItsEdges(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, scale := range []float64{0, 1, 5, 100} {
		s := bijector.Spline{Bins: 5, Bound: 3}
		raw := make([]float64, s.NumParameters())
		for i := range raw {
			raw[i] = scale * rng.NormFloat64()
		}
		v := []float64{-1e6, -1e300, 1e6, -3.5, 3.5, 0}
		for _, k := range knots(s, raw) {
			v = append(v, k, math.Nextafter(k, 10), math.Nextafter(k, -10))
		}
		slices.Sort(v)
		for _, forward := range []bool{false, true} {
			out, logDeriv, gradV, gradRaw := curve(t, s, raw, v, forward)
			for _, x := range slices.Concat(out, logDeriv, gradV, gradRaw) {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Fatalf("raw of size %g, forward=%t: not finite:\nv %v\nout %v\nlogDeriv %v\ngradients %v %v", scale, forward, v, out, logDeriv, gradV, gradRaw)
				}
			}
			for i, x := range v {
				if math.Abs(x) > s.Bound && (out[i] != x || logDeriv[i] != 0) {
					t.Errorf("outside, at %g: got %g with log-derivative %g, want the identity", x, out[i], logDeriv[i])
				}
				if i > 0 && out[i] < out[i-1]-1e-9 { // rounding where two bins meet, times slopes of up to 10⁶
					t.Errorf("raw of size %g, forward=%t: %g at %g, but %g at %g", scale, forward, out[i-1], v[i-1], out[i], x)
				}
			}
			back, _, _, _ := curve(t, s, raw, out, !forward)
			for i := range v {
				// Slopes lie in [1e-3·bins…], the inverse's in 1/that: 1e-16·1e6 or so of error.
				if !(math.Abs(back[i]-v[i]) <= 1e-8*max(1, math.Abs(v[i]))) {
					t.Errorf("raw of size %g, forward=%t: %.12g came back as %.12g", scale, forward, v[i], back[i])
				}
			}
		}
	}
}

// The slope is continuous where bins meet and at the bounds, where it is 1.
func TestSplineIsSmoothAtItsKnots(t *testing.T) {
	s := bijector.Spline{Bins: 4, Bound: 2}
	raw := []float64{0.5, -1, 0.2, 1, -0.3, 0.8, 0, 0.1, 2, -2, 0.5}
	const step = 1e-9
	var v []float64
	for _, k := range knots(s, raw) {
		v = append(v, k-step, k+step)
	}
	out, logDeriv, _, _ := curve(t, s, raw, v, false)
	for i := 0; i < len(v); i += 2 {
		if !(math.Abs(out[i+1]-out[i]) <= 100*step) || !(math.Abs(logDeriv[i+1]-logDeriv[i]) <= 1e-6) {
			t.Errorf("around %g: %g and %g, log-slopes %g and %g", v[i]+step, out[i], out[i+1], logDeriv[i], logDeriv[i+1])
		}
	}
	if first, last := logDeriv[1], logDeriv[len(v)-2]; !(math.Abs(first) <= 1e-6) || !(math.Abs(last) <= 1e-6) {
		t.Errorf("log-slopes inside the bounds are %g and %g, want 0", first, last)
	}
}

func TestSplineStartsAsTheIdentity(t *testing.T) {
	s := bijector.Spline{Bins: 8, Bound: 4}
	v := []float64{-5, -3.9, -1, 0, 0.3, 2, 4}
	out, logDeriv, _, _ := curve(t, s, make([]float64, s.NumParameters()), v, false)
	for i := range v {
		if !(math.Abs(out[i]-v[i]) <= 1e-14) || !(math.Abs(logDeriv[i]) <= 1e-14) {
			t.Errorf("at %g: %g with log-derivative %g", v[i], out[i], logDeriv[i])
		}
	}
}
