// Package bijectortest checks what every bijector must keep. It is public so
// that your own bijectors can take the same test.
package bijectortest

import (
	"math"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/bijector"
)

// Options say how a bijector differs from a map of all of R^D without a context.
type Options struct {
	// Latent and Data are where Forward and Inverse are defined, [lo, hi] of each
	// feature. nil is everywhere, which is tested out to ±1e6.
	Latent, Data [][2]float64

	// Context is the number of context features; 0 passes a nil context. Another
	// context must then change both directions.
	Context int

	// IgnoresContext turns that round: the context must change nothing.
	IgnoresContext bool
}

// Check is [CheckWith] without options.
func Check(t testing.TB, b bijector.Bijector, features int, tol float64) float64 {
	t.Helper()
	return CheckWith(t, b, features, tol, Options{})
}

// CheckWith runs b on D features in float64, at random parameters (at the zero
// initialization a wrong log-determinant can still pass), and reports where
//
//   - Inverse(Forward(z)) or Forward(Inverse(x)) moves a point by more than tol,
//     relative to max(1, |z|);
//   - a log-determinant differs by more than tol from log|det| of the Jacobian
//     that autodiff gives for the same map;
//   - the forward and inverse log-determinants do not cancel within tol;
//   - a batch of one differs from the same row in a batch of many;
//   - an output or a gradient is not finite, as far out as 1e6 or the domain goes;
//   - a trained variable gets no gradient from the log-density of data, or from
//     that of draws;
//   - the context has no effect, or has one unasked;
//   - the variables of b, saved and loaded into a store that has seen other data
//     under another seed, do not give the same numbers bit for bit;
//   - variables in float32 and data in float64, as flows are scored, give an error, a
//     result that is not float64, or one more than 1e-3 off;
//   - a [bijector.DataDependent] is not initialized by its first data, or changes
//     by its second.
//
// It returns the largest absolute difference between log-determinant and Jacobian.
func CheckWith(t testing.TB, b bijector.Bijector, features int, tol float64, opts Options) float64 {
	t.Helper()
	c := newChecker(t, b, features, opts)
	rng := rand.New(rand.NewPCG(1, 2))
	z := points(rng, batch, features, 1.5, opts.Latent)
	x := z
	if opts.Latent != nil || opts.Data != nil {
		x = points(rng, batch, features, 1.5, opts.Data)
	}
	context := normals(rng, batch, opts.Context, 1)

	forward, inverse := c.run(z, context, true), c.run(x, context, false)
	worst := max(c.jacobian("Forward", forward, tol), c.jacobian("Inverse", inverse, tol))
	c.roundTrip(z, context, forward, false, tol)
	c.roundTrip(x, context, inverse, true, tol)
	c.batchOfOne("Forward", forward, c.run(z[:1], context[:1], true))
	c.batchOfOne("Inverse", inverse, c.run(x[:1], context[:1], false))
	c.context(z, x, forward, inverse)

	c.gradients(z, context, true, true)
	c.gradients(x, context, false, true)
	for _, forward := range []bool{true, false} {
		domain := opts.Data
		if forward {
			domain = opts.Latent
		}
		far := farPoints(features, domain)
		c.finite(far, context[:len(far)], forward)
		c.gradients(far, context[:len(far)], forward, false)
	}
	c.reload(z, x, context, forward, inverse)
	c.mixed(z, x, context)
	return worst
}

const batch = 7

func (c *checker) jacobian(name string, r result, tol float64) (worst float64) {
	c.t.Helper()
	for i := range r.logDet {
		diff := math.Abs(r.logDet[i] - r.jacobianLogDet[i])
		if !(diff <= tol) {
			c.t.Errorf("%s: log-det of row %d is %.12g, the autodiff Jacobian's is %.12g", name, i, r.logDet[i], r.jacobianLogDet[i])
		}
		worst = max(worst, diff)
	}
	return worst
}

func (c *checker) roundTrip(in, context [][]float64, there result, backIsForward bool, tol float64) {
	c.t.Helper()
	back := c.run(there.out, context, backIsForward)
	for i := range in {
		for d := range in[i] {
			if diff := math.Abs(back.out[i][d] - in[i][d]); !(diff <= tol*max(1, math.Abs(in[i][d]))) {
				c.t.Errorf("round trip moved row %d, feature %d from %.12g to %.12g", i, d, in[i][d], back.out[i][d])
			}
		}
		if sum := there.logDet[i] + back.logDet[i]; !(math.Abs(sum) <= tol) {
			c.t.Errorf("row %d: log-determinants of the two directions sum to %g, not to 0", i, sum)
		}
	}
}

func (c *checker) batchOfOne(name string, many, one result) {
	c.t.Helper()
	// Matrix products of another size may sum in another order: a few ulps.
	if !(maxDiff(one.out[0], many.out[0]) <= 1e-12) || !(maxDiff(one.logDet, many.logDet[:1]) <= 1e-12) {
		c.t.Errorf("%s: a batch of one gives %v with log-det %g, the same row in a batch of %d gives %v with %g",
			name, one.out[0], one.logDet[0], len(many.out), many.out[0], many.logDet[0])
	}
}

// context runs both directions once more with another one.
func (c *checker) context(z, x [][]float64, forward, inverse result) {
	c.t.Helper()
	if c.opts.Context == 0 {
		return
	}
	other := normals(rand.New(rand.NewPCG(7, 8)), len(z), c.opts.Context, 1)
	for name, pair := range map[string][2]result{
		"Forward": {forward, c.run(z, other, true)},
		"Inverse": {inverse, c.run(x, other, false)},
	} {
		diff := maxDiff(pair[0].logDet, pair[1].logDet)
		for i := range z {
			diff = max(diff, maxDiff(pair[0].out[i], pair[1].out[i]))
		}
		// The output moves by about one where a context is used at all.
		if used := diff > 1e-6; used == c.opts.IgnoresContext || math.IsNaN(diff) {
			c.t.Errorf("%s: another context moves the result by %g", name, diff)
		}
	}
}

func (c *checker) finite(in, context [][]float64, forward bool) {
	c.t.Helper()
	r := c.run(in, context, forward)
	for i := range in {
		for _, v := range append([]float64{r.logDet[i]}, r.out[i]...) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				c.t.Errorf("forward=%t at %v gives %v with log-det %g: not finite", forward, in[i], r.out[i], r.logDet[i])
				break
			}
		}
	}
}
