package flow_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/byhand"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

// Two programs for one model in float64, apart from rounding and the order of sums.
const byHandTolerance = 1e-10

// byHandConfigs are flows of all shapes that package byhand knows.
func byHandConfigs() map[string]flow.Config {
	with := func(features int, change func(*flow.Config)) flow.Config {
		c := flow.RealNVP(features)
		c.Layers, c.Hidden, c.Seed = 4, []int{8, 6}, 3
		change(&c)
		return c
	}
	scaler := func(features int) *dataset.Standardizer {
		s := &dataset.Standardizer{}
		for d := range features {
			s.Mean, s.Std = append(s.Mean, float64(d)-1), append(s.Std, 0.5+0.25*float64(d))
		}
		return s
	}
	return map[string]flow.Config{
		"RealNVP as it is":       flow.RealNVP(2),
		"2 features":             with(2, func(c *flow.Config) {}),
		"5 features, scaler":     with(5, func(c *flow.Config) { c.Scaler = scaler(5) }),
		"1 feature":              with(1, func(c *flow.Config) { c.Scaler = scaler(1) }),
		"no hidden layer":        with(3, func(c *flow.Config) { c.Hidden, c.Mask = nil, "halves" }),
		"three of them, bounds":  with(4, func(c *flow.Config) { c.Hidden, c.InputBound, c.MaxLogScale = []int{5, 7, 3}, 0.5, 0.2 }),
		"random masks, one pass": with(6, func(c *flow.Config) { c.Mask, c.Layers, c.MaxLogScale = "random", 1, 0 }),
	}
}

// eachByHand runs test on every config, as a model in float64 with random weights,
// its twin by hand, and 40 events so far out that the clip takes hold.
func eachByHand(t *testing.T, test func(t *testing.T, m *flow.Model, f *byhand.Flow[float64], x [][]float64)) {
	for name, cfg := range byHandConfigs() {
		t.Run(name, func(t *testing.T) {
			if name != "5 features, scaler" && backend.Name(backendtest.Open(t)) != "go" {
				t.Skip("one of them is enough where compiling takes seconds")
			}
			rng := rand.New(rand.NewPCG(1, 0))
			m := randomWeights(t, cfg, rng)
			f, err := m.ByHand()
			if err != nil {
				t.Fatal(err)
			}
			x := make([][]float64, 40)
			for i := range x {
				for range cfg.Features {
					x[i] = append(x[i], 3*rng.NormFloat64())
				}
			}
			test(t, m, f, x)
		})
	}
}

func randomWeights(t *testing.T, cfg flow.Config, rng *rand.Rand) *flow.Model {
	t.Helper()
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	if m, err = m.Float64(); err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		for i := range w.Values {
			w.Values[i] = rng.NormFloat64() / math.Sqrt(float64(w.Shape[0]))
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return m
}

// wantClose compares within byHandTolerance, relative to max(1, |value|).
func wantClose(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%s: %d numbers by hand, %d by GoMLX", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= byHandTolerance*max(1, math.Abs(want[i]))) {
			t.Fatalf("%s: number %d is %.15g by hand, %.15g by GoMLX", what, i, got[i], want[i])
		}
	}
}

func TestByHandScoresAndMapsAsGoMLX(t *testing.T) {
	eachByHand(t, func(t *testing.T, m *flow.Model, f *byhand.Flow[float64], x [][]float64) {
		logProb, err := m.LogProb(x)
		if err != nil {
			t.Fatal(err)
		}
		down, err := m.Inverse(x)
		if err != nil {
			t.Fatal(err)
		}
		up, err := m.Forward(x) // as latents
		if err != nil {
			t.Fatal(err)
		}
		units := m.Units()
		z, _ := f.Inverse(standardized(m, x))
		events, _ := f.Forward(slices.Concat(x...))
		for row := range slices.Chunk(events, m.Features()) {
			units.Invert(row, row)
		}
		own := f.LogProb(standardized(m, x))
		for i := range own {
			own[i] += units.LogDet()
		}
		wantClose(t, "log-density", own, logProb)
		wantClose(t, "latents", z, slices.Concat(down[len(down)-1]...))
		wantClose(t, "events", events, slices.Concat(up[len(up)-1]...))
	})
}

// standardized are rows as a flow by hand takes them.
func standardized(m *flow.Model, x [][]float64) []float64 {
	flat := slices.Concat(x...)
	for row := range slices.Chunk(flat, m.Features()) {
		m.Units().Apply(row, row)
	}
	return flat
}

// Every derivative by every weight, beside those of automatic differentiation.
func TestByHandGradientIsThatOfGoMLX(t *testing.T) {
	eachByHand(t, func(t *testing.T, m *flow.Model, f *byhand.Flow[float64], x [][]float64) {
		exec, err := model.NewExec(m.Backend(), m.Store(), func(scope *model.Scope, x *Node) []*Node {
			nll := Neg(ReduceAllMean(m.LogProbGraph(scope, x)))
			return append([]*Node{nll}, scope.BuildTrainableVariablesGradientsGraph(nll)...)
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Call(m.Tensor(x))
		if err != nil {
			t.Fatal(err)
		}
		nll, gradient := byhand.NewBackprop(f).Gradient(standardized(m, x))
		wantClose(t, "NLL", []float64{nll}, []float64{out[0].Value().(float64)})
		// GoMLX gives gradients in the order of its variables, by name.
		byPath, i := byHandPaths(gradient), 1
		for v := range m.Store().Scope("/").IterVariables() {
			if v.Trainable {
				out[i].MustConstFlatData(func(flat any) { wantClose(t, v.Path(), byPath[v.Path()], flat.([]float64)) })
				i++
			}
		}
		if i != len(out) || len(byPath) != len(out)-1 {
			t.Errorf("%d gradients by hand, %d by GoMLX for %d variables", len(byPath), len(out)-1, i-1)
		}
	})
}

// Ten steps on ten batches, by GoMLX's own Adam at a constant rate.
func TestByHandTrainsAsGoMLXsAdam(t *testing.T) {
	eachByHand(t, func(t *testing.T, m *flow.Model, f *byhand.Flow[float64], x [][]float64) {
		const rate = 1e-2
		exec, err := model.NewExec(m.Backend(), m.Store(), func(scope *model.Scope, x *Node) *Node {
			nll := Neg(ReduceAllMean(m.LogProbGraph(scope, x)))
			gradients := scope.BuildTrainableVariablesGradientsGraph(nll)
			adam := optimizer.Adam().LearningRate(rate).Epsilon(1e-8).Done().(interface {
				UpdateGraphWithGradients(scope *model.Scope, grads []*Node, lossDType dtypes.DType)
			})
			adam.UpdateGraphWithGradients(scope, gradients, m.DType())
			return nll
		})
		if err != nil {
			t.Fatal(err)
		}
		backprop, adam := byhand.NewBackprop(f), byhand.NewAdam[float64]()
		for step := range 10 {
			batch := x[3*step : 3*step+13]
			out, err := exec.Call(m.Tensor(batch))
			if err != nil {
				t.Fatal(err)
			}
			nll, gradient := backprop.Gradient(standardized(m, batch))
			wantClose(t, "NLL", []float64{nll}, []float64{out[0].Value().(float64)})
			adam.Step(f.Params(), gradient.Params(), rate)
		}
		wantSameWeights(t, m, f)
	})
}

// Train goes through the same batches at the same rates as fit.Run, and comes to
// the same weights. GoMLX's Adam has ε = 1e-7 by default.
func TestByHandTrainsAsFit(t *testing.T) {
	eachByHand(t, func(t *testing.T, m *flow.Model, f *byhand.Flow[float64], x [][]float64) {
		cfg := fit.Config{Seed: 5, Steps: 10, BatchSize: 16, LearningRate: 1e-2, EvalEvery: 10}
		if _, err := fit.Run(context.Background(), m, x, x, cfg, nil); err != nil {
			t.Fatal(err)
		}
		same := byhand.Config{Seed: cfg.Seed, Steps: cfg.Steps, BatchSize: cfg.BatchSize, LearningRate: cfg.LearningRate, Cosine: true, Epsilon: 1e-7}
		if _, err := byhand.Train(context.Background(), f, standardized(m, x), same); err != nil {
			t.Fatal(err)
		}
		wantSameWeights(t, m, f)
	})
}

func wantSameWeights(t *testing.T, m *flow.Model, f *byhand.Flow[float64]) {
	t.Helper()
	theirs, err := m.ByHand()
	if err != nil {
		t.Fatal(err)
	}
	wantClose(t, "weights", slices.Concat(f.Params()...), slices.Concat(theirs.Params()...))
}

func TestByHandNamesWhatItDoesNotHave(t *testing.T) {
	changes := map[string]func(*flow.Config){
		"transform spline": func(c *flow.Config) { c.Transform = "spline" },
		"scale softclip":   func(c *flow.Config) { c.Scale = "softclip" },
		"lu true":          func(c *flow.Config) { c.LU = true },
		"actnorm true":     func(c *flow.Config) { c.ActNorm = true },
		"residual true":    func(c *flow.Config) { c.Residual = true },
		"activation silu":  func(c *flow.Config) { c.Activation = "silu" },
		"base student":     func(c *flow.Config) { c.Base, c.Freedom = "student", 5 },
		"context 1":        func(c *flow.Config) { c.Context = 1 },
	}
	for want, change := range changes {
		cfg := flow.RealNVP(2)
		cfg.Layers, cfg.Hidden = 1, []int{3}
		change(&cfg)
		m, err := cfg.NewModel(backendtest.Open(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.ByHand(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestByHandThereAndBack(t *testing.T) {
	eachByHand(t, func(t *testing.T, m *flow.Model, f *byhand.Flow[float64], x [][]float64) {
		if f.NumParameters() != m.NumParameters() {
			t.Errorf("%d parameters by hand, %d in the model", f.NumParameters(), m.NumParameters())
		}
		cfg, err := m.Config()
		if err != nil {
			t.Fatal(err)
		}
		again, err := cfg.NewModel(m.Backend())
		if err != nil {
			t.Fatal(err)
		}
		if again, err = again.Float64(); err != nil {
			t.Fatal(err)
		}
		if err := again.SetWeights(flow.ByHandWeights(f)); err != nil {
			t.Fatal(err)
		}
		want, err := m.LogProb(x)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.LogProb(x)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("log-densities %v, before %v (%v)", got, want, err)
		}
	})
}

// byHandPaths gives the weights of f the names GoMLX has for them, spelled out here once more.
func byHandPaths(f *byhand.Flow[float64]) map[string][]float64 {
	all := map[string][]float64{}
	for i, c := range f.Layers {
		for j, l := range c.Conditioner {
			name := fmt.Sprintf("hidden_%d", j)
			if j == len(c.Conditioner)-1 {
				name = "out"
			}
			all[fmt.Sprintf("/flow/%02d/conditioner/%s/weights", i, name)] = l.W
			all[fmt.Sprintf("/flow/%02d/conditioner/%s/biases", i, name)] = l.B
		}
	}
	return all
}
