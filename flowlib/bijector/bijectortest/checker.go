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

// checker runs one bijector on the pure-Go backend, where compiling is cheap.
type checker struct {
	t        testing.TB
	b        bijector.Bijector
	features int
	opts     Options
	backend  compute.Backend
	store    *model.Store
}

func newChecker(t testing.TB, b bijector.Bijector, features int, opts Options) *checker {
	t.Helper()
	be, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{t: t, b: b, features: features, opts: opts, backend: be, store: model.NewStore()}
	rng := rand.New(rand.NewPCG(3, 4))
	c.run(points(rng, batch, features, 1, opts.Latent), normals(rng, batch, opts.Context, 1), true) // creates the variables
	c.initialize()
	Randomize(c.store, 0.6, 5)
	return c
}

// Randomize sets every trainable variable of store to draws of N(0, std²), which
// moves bijectors away from the identity they start as. It panics where the
// store does.
func Randomize(store *model.Store, std float64, seed int64) {
	rng := rand.New(rand.NewPCG(uint64(seed), 6))
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
func (c *checker) run(in, context [][]float64, forward bool) result {
	c.t.Helper()
	outputs := c.call(in, context, func(scope *model.Scope, v, context *Node) []*Node {
		out, logDet := apply(c.b, scope, v, context, forward)
		nodes := []*Node{out, logDet}
		for d := range c.features {
			feature := Slice(out, AxisRange(), AxisElem(d))
			nodes = append(nodes, Gradient(ReduceAllSum(feature), v)[0])
		}
		return nodes
	})
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

// call runs a graph once on rows and, unless it has no features, a context.
func (c *checker) call(in, context [][]float64, graph func(scope *model.Scope, v, context *Node) []*Node) []*tensors.Tensor {
	c.t.Helper()
	outputs, err := c.try(in, context, graph)
	if err != nil {
		c.t.Fatalf("running the bijector: %v", err)
	}
	return outputs
}

// try is call for a graph that may fail.
func (c *checker) try(in, context [][]float64, graph func(scope *model.Scope, v, context *Node) []*Node) ([]*tensors.Tensor, error) {
	if c.opts.Context == 0 {
		return model.CallOnceN(c.backend, c.store, func(scope *model.Scope, v *Node) []*Node { return graph(scope, v, nil) }, in)
	}
	return model.CallOnceN(c.backend, c.store, graph, in, context)
}

const scopeName = "bijector"

func apply(b bijector.Bijector, scope *model.Scope, v, context *Node, forward bool) (out, logDet *Node) {
	if forward {
		return b.Forward(scope.At(scopeName), v, context)
	}
	return b.Inverse(scope.At(scopeName), v, context)
}

// gradients differentiates Σ(½|out|² - log|det|) by every variable: for Inverse
// the NLL of a flow, for Forward what training on a known density asks for. It
// wants all of them finite, and with reach none of them zero.
func (c *checker) gradients(in, context [][]float64, forward, reach bool) {
	c.t.Helper()
	var paths []string
	outputs := c.call(in, context, func(scope *model.Scope, v, context *Node) []*Node {
		out, logDet := apply(c.b, scope, v, context, forward)
		loss := Sub(MulScalar(ReduceAllSum(Square(out)), 0.5), ReduceAllSum(logDet))
		for variable := range scope.IterVariables() {
			if variable.Trainable {
				paths = append(paths, variable.Path())
				variable.NodeValue(v.Graph()) // one that is not used has a gradient of zero
			}
		}
		if len(paths) == 0 {
			return []*Node{loss}
		}
		return scope.BuildTrainableVariablesGradientsGraph(loss)
	})
	for i, path := range paths {
		largest := 0.0
		outputs[i].MustConstFlatData(func(flat any) {
			for _, v := range flat.([]float64) {
				largest = max(largest, math.Abs(v)) // max keeps a NaN
			}
		})
		switch {
		case math.IsNaN(largest) || math.IsInf(largest, 0):
			c.t.Errorf("forward=%t at %v: variable %s gets a gradient of %g", forward, in[0], path, largest)
		case reach && largest == 0:
			c.t.Errorf("forward=%t: variable %s gets no gradient", forward, path)
		}
	}
}

// points are draws of N(0, std²), or uniform ones where there is a domain.
func points(rng *rand.Rand, n, d int, std float64, domain [][2]float64) [][]float64 {
	rows := normals(rng, n, d, std)
	if domain == nil {
		return rows
	}
	for i := range rows {
		for j, bounds := range domain {
			rows[i][j] = bounds[0] + (bounds[1]-bounds[0])*rng.Float64()
		}
	}
	return rows
}

// farPoints are both ends of the domain, its middle, and corners of it.
func farPoints(d int, domain [][2]float64) [][]float64 {
	if domain == nil {
		domain = slices.Repeat([][2]float64{{-1e6, 1e6}}, d)
	}
	rows := make([][]float64, 5)
	for j, bounds := range domain {
		lo, hi := bounds[0], bounds[1]
		for i, v := range []float64{lo, hi, lo/2 + hi/2, bounds[j%2], bounds[(j+1)%2]} {
			rows[i] = append(rows[i], v)
		}
	}
	return rows
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

func maxDiff(a, b []float64) float64 {
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(a[i]-b[i])) // max keeps a NaN
	}
	return worst
}
