// Package bijectortest checks what every bijector must keep. It is public so
// that your own bijectors can take the same test.
package bijectortest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/backend"
	"normflow/flowlib/bijector"
)

// Check runs b on D features in float64, at random parameters (at the zero
// initialisation a wrong log-determinant can still pass), and reports where
//
//   - Inverse(Forward(z)) or Forward(Inverse(x)) moves a point by more than tol,
//     relative to max(1, |z|);
//   - a log-determinant differs by more than tol from log|det| of the Jacobian
//     that autodiff gives for the same map;
//   - the forward and inverse log-determinants do not cancel within tol;
//   - a batch of one differs from the same row in a batch of many;
//   - the output is not finite on points as far out as 1e6;
//   - a variable gets no gradient from the log-density.
//
// It returns the largest absolute difference between log-determinant and Jacobian.
func Check(t testing.TB, b bijector.Bijector, features int, tol float64) float64 {
	t.Helper()
	c := newChecker(t, b, features)
	rng := rand.New(rand.NewPCG(1, 2))
	z := normals(rng, batch, features, 1.5)

	forward, inverse := c.run(z, true), c.run(z, false)
	worst := 0.0
	for name, r := range map[string]result{"Forward": forward, "Inverse": inverse} {
		for i := range z {
			diff := math.Abs(r.logDet[i] - r.jacobianLogDet[i])
			if !(diff <= tol) {
				t.Errorf("%s: log-det of row %d is %.12g, the autodiff Jacobian's is %.12g", name, i, r.logDet[i], r.jacobianLogDet[i])
			}
			worst = max(worst, diff)
		}
	}
	c.roundTrip(z, forward, false, tol)
	c.roundTrip(z, inverse, true, tol)

	one := c.run(z[:1], true)
	// Matrix products of another size may sum in another order: a few ulps.
	if !(maxDiff(one.out[0], forward.out[0]) <= 1e-12) || !(maxDiff(one.logDet, forward.logDet[:1]) <= 1e-12) {
		t.Errorf("a batch of one gives %v with log-det %g, the same row in a batch of %d gives %v with %g",
			one.out[0], one.logDet[0], batch, forward.out[0], forward.logDet[0])
	}
	c.finite([][]float64{constant(features, 1e6), constant(features, -1e6), constant(features, 0)})
	c.gradients(z)
	return worst
}

const batch = 7

// checker runs one bijector on the pure-Go backend, where compiling is cheap.
type checker struct {
	t        testing.TB
	b        bijector.Bijector
	features int
	backend  compute.Backend
	store    *model.Store
}

func newChecker(t testing.TB, b bijector.Bijector, features int) *checker {
	t.Helper()
	be, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{t: t, b: b, features: features, backend: be, store: model.NewStore()}
	c.run(normals(rand.New(rand.NewPCG(3, 4)), batch, features, 1), true) // creates the variables
	Randomize(c.store, 0.6, 5)
	return c
}

// Randomize sets every trainable variable of store to draws of N(0, std²), which
// moves bijectors away from the identity they start as. It panics where the
// store does.
func Randomize(store *model.Store, std float64, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 6))
	for v := range store.IterVariables() {
		if !v.Trainable {
			continue
		}
		value := tensors.FromShape(v.Shape())
		value.MustMutableFlatData(func(flat any) {
			switch flat := flat.(type) {
			case []float32:
				for i := range flat {
					flat[i] = float32(std * rng.NormFloat64())
				}
			case []float64:
				for i := range flat {
					flat[i] = std * rng.NormFloat64()
				}
			}
		})
		if err := v.SetValue(value); err != nil {
			panic(err)
		}
	}
}

type result struct {
	out            [][]float64 // [B, D]
	logDet         []float64   // [B], as the bijector says
	jacobianLogDet []float64   // [B], from autodiff
}

// run applies one direction and takes its Jacobian: the gradient of the sum over
// the batch of output feature d is row d of every event's Jacobian.
func (c *checker) run(in [][]float64, forward bool) result {
	c.t.Helper()
	outputs, err := model.CallOnceN(c.backend, c.store, func(scope *model.Scope, v *Node) []*Node {
		out, logDet := c.apply(scope, v, forward)
		nodes := []*Node{out, logDet}
		for d := range c.features {
			feature := Slice(out, AxisRange(), AxisElem(d))
			nodes = append(nodes, Gradient(ReduceAllSum(feature), v)[0])
		}
		return nodes
	}, in)
	if err != nil {
		c.t.Fatalf("running the bijector: %v", err)
	}
	r := result{out: outputs[0].Value().([][]float64), logDet: outputs[1].Value().([]float64)}
	for i := range in {
		jacobian := mat.NewDense(c.features, c.features, nil)
		for d := range c.features {
			jacobian.SetRow(d, outputs[2+d].Value().([][]float64)[i])
		}
		logDet, _ := mat.LogDet(jacobian)
		r.jacobianLogDet = append(r.jacobianLogDet, logDet)
	}
	return r
}

func (c *checker) apply(scope *model.Scope, v *Node, forward bool) (out, logDet *Node) {
	if forward {
		return c.b.Forward(scope.At("bijector"), v, nil)
	}
	return c.b.Inverse(scope.At("bijector"), v, nil)
}

func (c *checker) roundTrip(in [][]float64, there result, backIsForward bool, tol float64) {
	c.t.Helper()
	back := c.run(there.out, backIsForward)
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

func (c *checker) finite(in [][]float64) {
	c.t.Helper()
	for _, forward := range []bool{true, false} {
		r := c.run(in, forward)
		for i := range in {
			for _, v := range append(slices.Clone(r.out[i]), r.logDet[i]) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					c.t.Errorf("forward=%t at %v gives %v with log-det %g: not finite", forward, in[i], r.out[i], r.logDet[i])
					break
				}
			}
		}
	}
}

// gradients differentiates Σ(½|z|² - log|det|), the NLL of a flow, by every variable.
func (c *checker) gradients(x [][]float64) {
	c.t.Helper()
	var paths []string
	outputs, err := model.CallOnceN(c.backend, c.store, func(scope *model.Scope, v *Node) []*Node {
		z, logDet := c.apply(scope, v, false)
		nll := Sub(MulScalar(ReduceAllSum(Square(z)), 0.5), ReduceAllSum(logDet))
		for variable := range scope.IterVariables() {
			if variable.Trainable && variable.InUseByGraph(v.Graph()) {
				paths = append(paths, variable.Path())
			}
		}
		if len(paths) == 0 {
			return []*Node{nll}
		}
		return scope.BuildTrainableVariablesGradientsGraph(nll)
	}, x)
	if err != nil {
		c.t.Fatalf("gradients: %v", err)
	}
	for i, path := range paths {
		largest := 0.0
		outputs[i].MustConstFlatData(func(flat any) {
			for _, v := range flat.([]float64) {
				largest = max(largest, math.Abs(v))
				if math.IsNaN(v) {
					largest = math.NaN()
				}
			}
		})
		if !(largest > 0) {
			c.t.Errorf("variable %s gets no gradient (largest %g)", path, largest)
		}
	}
}

func normals(rng *rand.Rand, n, d int, std float64) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, d)
		for j := range rows[i] {
			rows[i][j] = std * rng.NormFloat64()
		}
	}
	return rows
}

func constant(d int, v float64) []float64 {
	row := make([]float64, d)
	for i := range row {
		row[i] = v
	}
	return row
}

func maxDiff(a, b []float64) float64 {
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(a[i]-b[i])) // max keeps a NaN
	}
	return worst
}
