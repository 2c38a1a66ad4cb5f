package fit_test

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

func fastConfig() fit.Config {
	cfg := smallConfig()
	cfg.Engine = fit.EngineFast
	return cfg
}

// Both engines walk the same way, whatever the model: the same batches, rates, clipped
// gradients, decay and averages. The rounding of a float32 grows along it.
func TestFastEngineGoesTheSameWay(t *testing.T) {
	for _, model := range []string{"realnvp", "nice", "glow", "nsf", "nsf+plain", "realnvp+mixture", "own"} {
		t.Run(model, func(t *testing.T) {
			cfg := smallConfig()
			cfg.ClipNorm = 0.5 // bites
			cfg.Replacement = true
			cfg.EMADecay, cfg.WeightDecay = 0.9, 0.5
			graph, byHand := named(t, model), named(t, model)
			want := run(t, graph, cfg)
			cfg.Engine = fit.EngineFast
			got := run(t, byHand, cfg)
			if len(got.Curve) != len(want.Curve) {
				t.Fatalf("%d points of the curve, want %d", len(got.Curve), len(want.Curve))
			}
			for i, p := range got.Curve {
				if w := want.Curve[i]; p.Step != w.Step || !(math.Abs(p.Train-w.Train) < 2e-3) || !(math.Abs(p.Valid-w.Valid) < 2e-3) {
					t.Errorf("point %d is %+v, want %+v", i, p, w)
				}
			}
			x := ring(3, 50)
			a, err := graph.LogProb(x)
			if err != nil {
				t.Fatal(err)
			}
			b, err := byHand.LogProb(x)
			if err != nil {
				t.Fatal(err)
			}
			for i := range a {
				if !(math.Abs(a[i]-b[i]) < 2e-2) {
					t.Errorf("log p of event %d is %g by hand, %g by the graph", i, b[i], a[i])
				}
			}
		})
	}
}

// A checkpoint of one engine holds all that goes on: interrupted and resumed, the
// same bits as in one go.
func TestFastEngineResumes(t *testing.T) {
	cfg := fastConfig()
	whole := newModel(t)
	want := run(t, whole, cfg)

	cfg.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	ctx, stop := context.WithCancel(context.Background())
	first := newModel(t)
	if _, err := fit.Run(ctx, first, ring(1, 200), ring(2, 100), cfg, func(fit.Point, fit.Config) { stop() }); err == nil {
		t.Fatal("an interrupted run ended without an error")
	}
	second := newModel(t)
	got := run(t, second, cfg)
	if len(got.Curve) != len(want.Curve) || got.BestValid != want.BestValid {
		t.Errorf("resumed: best %g in %d points, in one go %g in %d", got.BestValid, len(got.Curve), want.BestValid, len(want.Curve))
	}
	a, err := whole.Weights()
	if err != nil {
		t.Fatal(err)
	}
	b, err := second.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		for j := range a[i].Values {
			if a[i].Values[j] != b[i].Values[j] {
				t.Fatalf("%s, element %d: %g resumed, %g in one go", a[i].Path, j, b[i].Values[j], a[i].Values[j])
			}
		}
	}
}

func TestFastEngineWithScaler(t *testing.T) {
	data := ring(1, 200)
	for _, row := range data {
		row[0], row[1] = 1000+100*row[0], 0.01*row[1]
	}
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 2, []int{8}
	var err error
	if cfg.Scaler, err = dataset.NewStandardizer(data); err != nil {
		t.Fatal(err)
	}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	r, err := fit.Run(context.Background(), m, data, data, fastConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	logProb, err := m.LogProb(data)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, lp := range logProb {
		sum -= lp / float64(len(data))
	}
	if !(math.Abs(sum-r.BestValid) < 1e-4*(1+math.Abs(sum))) {
		t.Errorf("the model's NLL is %g, the run said %g", sum, r.BestValid)
	}
}

func TestUnknownEngine(t *testing.T) {
	cfg := fastConfig()
	cfg.Engine = "faster"
	_, err := fit.Run(context.Background(), newModel(t), ring(1, 200), ring(2, 100), cfg, nil)
	if want := `engine must be "" or "fast", found "faster"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}

func TestFastEngineNamesWhereItBreaks(t *testing.T) {
	cfg := fastConfig()
	cfg.LearningRate, cfg.WarmUp, cfg.ClipNorm = 1e30, 0, 0
	_, err := fit.Run(context.Background(), newModel(t), ring(1, 200), ring(2, 100), cfg, nil)
	if err == nil || !strings.Contains(err.Error(), "step") || !strings.Contains(err.Error(), "not finite") {
		t.Errorf("got %v, want an error that names the step", err)
	}
}

// Squares of latents that a float32 holds, of gradients that it does not: the NLL is
// finite, and both engines say so.
func TestFastEngineTellsGradientFromNLL(t *testing.T) {
	data := ring(1, 200)
	for _, row := range data {
		row[0] *= 1e12
	}
	for _, engine := range []string{fit.EngineGraph, fit.EngineFast} {
		cfg := smallConfig()
		cfg.Engine, cfg.ClipNorm = engine, 5
		_, err := fit.Run(context.Background(), newModel(t), data, data, cfg, nil)
		if err == nil || !strings.Contains(err.Error(), "not finite after step 1 of") || !strings.Contains(err.Error(), "whose NLL is: all gradients are finite, the largest") {
			t.Errorf("engine %q: got %v, want an error that names a gradient's overflow at step 1", engine, err)
		}
	}
}
