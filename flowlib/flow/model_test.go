package flow_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// A flow put together by hand is the one of a Config that says the same.
func TestModelOfAFlowOfOnesOwn(t *testing.T) {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden, cfg.Seed = 2, []int{8}, 3
	cfg.Scaler = &dataset.Standardizer{Mean: []float64{1, 2}, Std: []float64{3, 4}}
	want, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	f := flow.New(base.Normal{Features: 2}, bijector.Chain{
		bijector.NewCoupling(bijector.Alternating(2, false), bijector.MLP(activation.TypeRelu, 8), bijector.Affine{}),
		bijector.NewCoupling(bijector.Alternating(2, true), bijector.MLP(activation.TypeRelu, 8), bijector.Affine{}),
	})
	got, err := flow.NewModel(backendtest.Open(t), f, flow.Settings{Features: 2, Seed: 3, Scaler: cfg.Scaler})
	if err != nil {
		t.Fatal(err)
	}
	weights := randomize(t, want)
	if err := got.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	x := [][]float64{{0.5, -1}, {7, 3}}
	a, err := want.LogProb(x)
	if err != nil {
		t.Fatal(err)
	}
	b, err := got.LogProb(x)
	if err != nil || a[0] != b[0] || a[1] != b[1] {
		t.Errorf("got %v, want %v, %v", b, a, err)
	}
	if c, err := want.Config(); err != nil || c.Layers != 2 {
		t.Errorf("the config is %+v, %v", c, err)
	}
	if _, err := got.Config(); err == nil {
		t.Error("a flow of one's own has a config")
	}
	if _, err := got.ByHand(); err == nil || !strings.Contains(err.Error(), "Config") {
		t.Errorf("by hand: %v", err)
	}
}

func randomize(t *testing.T, m *flow.Model) []flow.Weight {
	t.Helper()
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		if !m.Store().GetVariable(w.Path).Trainable {
			continue
		}
		for i := range w.Values {
			w.Values[i] = 0.3 * math.Sin(float64(7*i+len(w.Path)))
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return weights
}

func TestImpossibleModels(t *testing.T) {
	b := backendtest.Open(t)
	normal := base.Normal{Features: 2}
	for want, make := range map[string]func() (*flow.Model, error){
		"found nil":   func() (*flow.Model, error) { return flow.NewModel(b, nil, flow.Settings{Features: 2}) },
		"with a base": func() (*flow.Model, error) { return flow.NewModel(b, flow.New(nil, nil), flow.Settings{Features: 2}) },
		"a backend": func() (*flow.Model, error) {
			return flow.NewModel(nil, flow.New(normal, nil), flow.Settings{Features: 2})
		},
		"features must be": func() (*flow.Model, error) { return flow.NewModel(b, flow.New(normal, nil), flow.Settings{}) },
		"context must be": func() (*flow.Model, error) {
			return flow.NewModel(b, flow.New(normal, nil), flow.Settings{Features: 2, Context: -1})
		},
		"dtype must be": func() (*flow.Model, error) {
			return flow.NewModel(b, flow.New(normal, nil), flow.Settings{Features: 2, DType: dtypes.Int32})
		},
		"building the model": func() (*flow.Model, error) {
			return flow.NewModel(b, flow.New(normal, nil), flow.Settings{Features: 3})
		},
	} {
		if _, err := make(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want an error in a line with %q", err, want)
		}
	}
}

// What is called on a model that nothing has made is an error, not a panic.
func TestEmptyModel(t *testing.T) {
	for _, m := range []*flow.Model{nil, {}} {
		for name, err := range map[string]error{
			"LogProb": second(m.LogProb(nil)), "Sample": second(m.Sample(1, 1)), "Forward": second(m.Forward(nil)), "Inverse": second(m.Inverse(nil)),
			"Weights": second(m.Weights()), "SetWeights": m.SetWeights(nil), "Variables": second(m.Variables()), "Save": m.Save(t.TempDir(), nil),
			"Saved": second(m.Saved(nil)), "Initialize": m.Initialize(nil), "Float64": second(m.Float64()), "ByHand": second(m.ByHand()),
		} {
			if err == nil || !strings.Contains(err.Error(), "NewModel") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := m.NumParameters(); n != 0 {
			t.Errorf("%d parameters", n)
		}
	}
}

func second[T any](_ T, err error) error { return err }
