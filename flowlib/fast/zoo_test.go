package fast_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend"
	"normflow/flowlib/bijector"
	"normflow/flowlib/fast"
	"normflow/flowlib/flow"
	"normflow/internal/kernel"
)

// zoo are configs that have between them all that the engine covers.
func zoo() map[string]flow.Config {
	small := func(c flow.Config) flow.Config {
		c.Layers, c.Hidden = 3, []int{12, 20}
		return c
	}
	all := map[string]flow.Config{}
	for _, name := range []string{"realnvp", "nice", "glow", "nsf", "nsf+plain", "nsf+lu+actnorm", "realnvp+mixture", "gaussian"} {
		for _, features := range []int{1, 2, 5} {
			c, err := flow.Named(name, features)
			if err != nil {
				panic(err)
			}
			if name != "gaussian" {
				c = small(c)
			}
			all[fmt.Sprintf("%s of %d features", name, features)] = c
		}
	}
	for name, change := range map[string]func(c *flow.Config){
		"context":          func(c *flow.Config) { c.Context = 2 },
		"exp":              func(c *flow.Config) { c.Scale = bijector.ScaleExp },
		"softclip":         func(c *flow.Config) { c.Scale = bijector.ScaleSoftclip },
		"random mask":      func(c *flow.Config) { c.Mask = "random" },
		"halves":           func(c *flow.Config) { c.Mask = "halves" },
		"no hidden layer":  func(c *flow.Config) { c.Hidden = nil },
		"wide":             func(c *flow.Config) { c.Hidden = []int{70} },
		"residual":         func(c *flow.Config) { c.Residual, c.Hidden = true, []int{20, 20} },
		"residual, silu":   func(c *flow.Config) { c.Residual, c.Hidden, c.Activation = true, []int{9}, "silu" },
		"student":          func(c *flow.Config) { c.Base, c.Freedom = "student", 2.5 },
		"student, many":    func(c *flow.Config) { c.Base, c.Freedom = "student", 1e5 },
		"diagnormal":       func(c *flow.Config) { c.Base = "diagnormal" },
		"uniform":          func(c *flow.Config) { c.Base, c.Bound = "uniform", 100 },
		"one component":    func(c *flow.Config) { c.Base, c.Components = "mixture", 1 },
		"alone, context":   func(c *flow.Config) { c.Features, c.Context = 1, 1 },
		"spline, context":  func(c *flow.Config) { c.Transform, c.Context = "spline", 1 },
		"spline, two bins": func(c *flow.Config) { c.Transform, c.Bins, c.Bound = "spline", 2, 3 },
	} {
		c := small(flow.RealNVP(3))
		change(&c)
		all[name] = c
	}
	for _, activation := range []string{"tanh", "silu", "gelu", "leaky_relu", "sigmoid"} {
		c := small(flow.RealNVP(3))
		c.Activation = activation
		all[activation] = c
	}
	return all
}

// withWeights returns a model of c in double precision on the pure-Go backend, with
// random weights that are float32s.
func withWeights(t *testing.T, c flow.Config) *flow.Model {
	t.Helper()
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	c.Seed = 3
	m, err := c.NewModel(b)
	if err != nil {
		t.Fatal(err)
	}
	return rough(t, m)
}

// rough returns a model in double precision with such weights.
func rough(t *testing.T, single *flow.Model) *flow.Model {
	t.Helper()
	m, err := single.Float64()
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 7))
	for _, w := range weights {
		switch {
		case strings.HasSuffix(w.Path, "/initialised"):
			w.Values[0] = 1
		case strings.HasSuffix(w.Path, "/permutation"), strings.HasSuffix(w.Path, "/sign"):
		default:
			for i := range w.Values {
				w.Values[i] = float64(float32(w.Values[i] + 0.3*rng.NormFloat64()))
			}
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return m
}

// eachFlow runs a test for every flow of the zoo and every chain, on every set of
// kernels, with 150 rows, some of which lie where things are cut off.
func eachFlow(t *testing.T, test func(t *testing.T, m *flow.Model, e *fast.Engine, rows [][]float64)) {
	all := chains()
	for name, c := range zoo() {
		all[name] = func(t *testing.T) *flow.Model { return withWeights(t, c) }
	}
	for name, model := range all {
		t.Run(name, func(t *testing.T) {
			m := model(t)
			rng := rand.New(rand.NewPCG(2, 9))
			rows := make([][]float64, 150)
			for i := range rows {
				for range m.Columns() {
					rows[i] = append(rows[i], float64(float32(1.5*rng.NormFloat64())))
				}
			}
			rows[0][0], rows[1][m.Columns()-1], rows[2][0] = 5.5, -7, 20
			for _, set := range kernel.All() {
				e := engineOf(t, m)
				e.WithKernels(set)
				t.Run(set.Name, func(t *testing.T) { test(t, m, e, rows) })
			}
		})
	}
}

func engineOf(t *testing.T, m *flow.Model) *fast.Engine {
	t.Helper()
	f, err := describe(m)
	if err != nil {
		t.Fatal(err)
	}
	e, err := fast.New(f, 2)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	for _, w := range weights {
		for _, v := range w.Values {
			values[w.Path] = append(values[w.Path], float32(v))
		}
	}
	own := e.Weights()
	for i := range own.Len() {
		own.Set(i, values["/flow/"+own.Name(i)])
	}
	return e
}

func flat(rows [][]float64) (all []float32) {
	for _, row := range rows {
		for _, v := range row {
			all = append(all, float32(v))
		}
	}
	return all
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*(1+math.Abs(want))) && got != want {
		t.Fatalf("%s is %.9g, expected %.9g", what, got, want)
	}
}

func TestZooLogProb(t *testing.T) {
	eachFlow(t, func(t *testing.T, m *flow.Model, e *fast.Engine, rows [][]float64) {
		want, err := m.LogProb(rows)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float64, len(rows))
		e.LogProb(got, flat(rows))
		for i := range got {
			near(t, fmt.Sprintf("log p of row %d", i), got[i], want[i], tolerance.logProb)
		}
	})
}

func TestZooSample(t *testing.T) {
	eachFlow(t, func(t *testing.T, m *flow.Model, e *fast.Engine, rows [][]float64) {
		n, d := len(rows), m.Features()
		x, context, logProb := make([]float32, n*d), []float32{}, make([]float64, n)
		for _, row := range rows {
			for _, v := range row[d:] {
				context = append(context, float32(v))
			}
		}
		e.Sample(x, context, logProb, 5, 0, 1)
		draws := make([][]float64, n)
		for i := range draws {
			for _, v := range x[i*d:][:d] {
				draws[i] = append(draws[i], float64(v))
			}
			draws[i] = append(draws[i], rows[i][d:]...)
		}
		want, err := m.LogProb(draws)
		if err != nil {
			t.Fatal(err)
		}
		var off []float64
		for i := range want {
			off = append(off, math.Abs(logProb[i]-want[i])/(1+math.Abs(want[i])))
		}
		slices.Sort(off)
		// A draw is rounded, and its density another one where the flow is steep.
		if median, most := off[n/2], off[n*9/10]; !(median < tolerance.drawsMedian) || !(most < tolerance.drawsMost) {
			t.Fatalf("log-densities of draws are off by %g at the median, by more than %g for one in ten", median, most)
		}
	})
}

// The gradient by hand against that of automatic differentiation in double precision.
func TestZooGradient(t *testing.T) {
	eachFlow(t, func(t *testing.T, m *flow.Model, e *fast.Engine, rows [][]float64) {
		trainer, err := fast.NewTrainer(e, flat(rows))
		if err != nil {
			t.Fatal(err)
		}
		var at []int32
		for i := range rows {
			at = append(at, int32(i))
		}
		nll, gradient := trainer.Gradient(at)
		wantNLL, want := byAutodiff(t, m, rows)
		near(t, "the NLL", nll, wantNLL, tolerance.nll)
		agree(t, gradient, want)
	})
}

// Events that count twice are there twice, and those of weight 0 are not there.
func TestZooGradientByWeights(t *testing.T) {
	eachFlow(t, func(t *testing.T, m *flow.Model, e *fast.Engine, rows [][]float64) {
		trainer, err := fast.NewTrainer(e, flat(rows))
		if err != nil {
			t.Fatal(err)
		}
		var at []int32
		var repeated [][]float64
		for i, row := range rows {
			at = append(at, int32(i))
			trainer.Weights = append(trainer.Weights, float32(i%3))
			repeated = append(repeated, slices.Repeat([][]float64{row}, i%3)...)
		}
		for i := range trainer.Weights {
			trainer.Weights[i] *= float32(len(rows)) / float32(len(repeated))
		}
		nll, gradient := trainer.Gradient(at)
		wantNLL, want := byAutodiff(t, m, repeated)
		near(t, "the NLL", nll, wantNLL, tolerance.nll)
		agree(t, gradient, want)
	})
}

// agree compares a gradient with that by the paths of a model.
func agree(t *testing.T, gradient fast.Arrays, want map[string][]float64) {
	t.Helper()
	for k := range gradient.Len() {
		name, values := gradient.Name(k), make([]float32, gradient.Size(k))
		of, ok := want["/flow/"+name]
		if ok == gradient.Fixed(k) {
			t.Fatalf("%s: trained %v, in the engine %v", name, ok, !gradient.Fixed(k))
		}
		if !ok {
			continue
		}
		gradient.Get(k, values)
		largest := 0.0
		for _, v := range of {
			largest = max(largest, math.Abs(v))
		}
		for i, v := range values {
			if !(math.Abs(float64(v)-of[i]) <= tolerance.gradient*(1+largest)) {
				t.Fatalf("dNLL/d%s[%d] is %.9g, expected %.9g", name, i, v, of[i])
			}
		}
		delete(want, "/flow/"+name)
	}
	for path := range want {
		t.Errorf("no gradient by %s", path)
	}
}

func byAutodiff(t *testing.T, m *flow.Model, rows [][]float64) (nll float64, gradient map[string][]float64) {
	t.Helper()
	var paths []string
	for v := range m.Store().Scope("/flow").IterVariables() {
		if v.Trainable {
			paths = append(paths, v.Path())
		}
	}
	exec, err := model.NewExec(m.Backend(), m.Store(), func(scope *model.Scope, rows *Node) []*Node {
		loss := Neg(ReduceAllMean(m.LogProbGraph(scope, rows)))
		return append([]*Node{loss}, scope.BuildTrainableVariablesGradientsGraph(loss)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Call(m.Tensor(rows))
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != len(paths)+1 {
		t.Fatalf("%d gradients of %d weights", len(out)-1, len(paths))
	}
	gradient = map[string][]float64{}
	for i, o := range out {
		o.MustConstFlatData(func(data any) {
			if values := data.([]float64); i == 0 {
				nll = values[0]
			} else {
				gradient[paths[i-1]] = append([]float64{}, values...)
			}
		})
	}
	return nll, gradient
}
