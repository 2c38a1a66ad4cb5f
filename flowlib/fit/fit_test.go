package fit_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/layers/activation"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/internal/safetensors"
)

// ring is a curved density a small flow learns something of in a few steps.
func ring(seed int64, n int) [][]float64 {
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	x := make([][]float64, n)
	for i := range x {
		t := math.Pi * rng.Float64()
		x[i] = []float64{2*math.Cos(t) + 0.3*rng.NormFloat64(), 2*math.Sin(t) + 0.3*rng.NormFloat64()}
	}
	return x
}

func newModel(t *testing.T) *flow.Model {
	t.Helper()
	return named(t, "realnvp")
}

// named is an entry of the zoo, or "own": a chain that is none.
func named(t *testing.T, name string) *flow.Model {
	t.Helper()
	if name == "own" {
		coupling := bijector.NewCoupling(bijector.Halves(2, true), bijector.MLP(activation.TypeRelu, 8), bijector.Affine{})
		chain := bijector.Chain{coupling, bijector.NewActNorm(2), bijector.Reversal(2), coupling}
		m, err := flow.NewModel(backendtest.Open(t), flow.New(base.NewDiagNormal(2), chain), flow.Settings{Features: 2})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	cfg, err := flow.Named(name, 2)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Layers, cfg.Hidden = 2, []int{8}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func smallConfig() fit.Config {
	cfg := fit.DefaultConfig(flow.RealNVP(2))
	cfg.Seed, cfg.Steps, cfg.BatchSize, cfg.EvalEvery, cfg.WarmUp, cfg.LearningRate = 7, 60, 32, 20, 5, 1e-2
	return cfg
}

func run(t *testing.T, m *flow.Model, cfg fit.Config) fit.Result {
	t.Helper()
	r, err := fit.Run(context.Background(), m, ring(1, 200), ring(2, 100), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func weights(t *testing.T, m *flow.Model) []flow.Weight {
	t.Helper()
	w, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestSameSeedSameCurve(t *testing.T) {
	a, b := newModel(t), newModel(t)
	ra, rb := run(t, a, smallConfig()), run(t, b, smallConfig())
	if !reflect.DeepEqual(ra.Curve, rb.Curve) || !reflect.DeepEqual(weights(t, a), weights(t, b)) {
		t.Errorf("two runs with one seed differ:\n%v\n%v", ra.Curve, rb.Curve)
	}
	first, last := ra.Curve[0], ra.Curve[len(ra.Curve)-1]
	if !(last.Valid < first.Valid-0.1) {
		t.Errorf("validation NLL went from %g to %g: nothing was learned", first.Valid, last.Valid)
	}
	cfg := smallConfig()
	cfg.Seed++
	if rc := run(t, newModel(t), cfg); reflect.DeepEqual(ra.Curve, rc.Curve) {
		t.Error("another seed gave the same curve")
	}
}

// everything switches on all that a checkpoint has to carry.
func everything() fit.Config {
	cfg := smallConfig()
	cfg.EMADecay, cfg.WeightDecay, cfg.Replacement, cfg.Patience, cfg.EvalEvery = 0.95, 0.1, true, 3, 10
	return cfg
}

func TestResumeEqualsUninterrupted(t *testing.T) {
	for name, cfg := range map[string]fit.Config{"plain": smallConfig(), "everything": everything()} {
		t.Run(name, func(t *testing.T) {
			whole := newModel(t)
			want := run(t, whole, cfg)
			resumesTo(t, newModel, cfg, whole, want)
		})
	}
}

// A run that goes on neither initializes from data again nor loses what is fixed.
func TestResumeOfTheZoo(t *testing.T) {
	for _, name := range []string{"glow", "nsf+actnorm+lu+mixture"} {
		t.Run(name, func(t *testing.T) {
			build := func(t *testing.T) *flow.Model { return named(t, name) }
			whole := build(t)
			want := run(t, whole, everything())
			resumesTo(t, build, everything(), whole, want)
		})
	}
}

// resumesTo checks that a run which is interrupted at step 40 goes on from its
// checkpoint, twice, to the given model and result, bit for bit.
func resumesTo(t *testing.T, build func(t *testing.T) *flow.Model, cfg fit.Config, whole *flow.Model, want fit.Result) {
	t.Helper()
	cfg.Checkpoint = filepath.Join(t.TempDir(), "checkpoint.safetensors")
	ctx, cancel := context.WithCancel(context.Background())
	_, err := fit.Run(ctx, build(t), ring(1, 200), ring(2, 100), cfg, func(p fit.Point, _ fit.Config) {
		if p.Step == 40 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted run returned %v", err)
	}
	for _, name := range []string{"resumed", "finished"} { // the second time there is nothing left to do
		m := build(t)
		got := run(t, m, cfg)
		got.Seconds = want.Seconds
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the %s run differs from the uninterrupted one:\n%v\n%v", name, got, want)
		}
		if !reflect.DeepEqual(weights(t, m), weights(t, whole)) {
			t.Errorf("the %s weights differ from the uninterrupted ones", name)
		}
	}
}

// What an earlier run left of the optimizer, NaN here, does not reach the next.
func TestRunAfterDivergenceStartsAfresh(t *testing.T) {
	want := run(t, newModel(t), smallConfig())
	bad := smallConfig()
	bad.LearningRate, bad.ClipNorm, bad.WarmUp = 1e30, 0, 0
	m := newModel(t)
	if _, err := fit.Run(context.Background(), m, ring(1, 200), ring(2, 100), bad, nil); err == nil {
		t.Fatal("a learning rate of 1e30 did not diverge")
	}
	if got := run(t, m, smallConfig()); !reflect.DeepEqual(got.Curve, want.Curve) {
		t.Errorf("the curve after a failed run is %v, of a new model %v", got.Curve, want.Curve)
	}
}

// Sampling on the way creates the state of a random generator in the store.
func TestCheckpointOfASampledModelIsResumed(t *testing.T) {
	want := run(t, newModel(t), smallConfig())
	cfg := smallConfig()
	cfg.Checkpoint = filepath.Join(t.TempDir(), "checkpoint.safetensors")
	m := newModel(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := fit.Run(ctx, m, ring(1, 200), ring(2, 100), cfg, func(fit.Point, fit.Config) {
		if _, err := m.Sample(1, 1); err != nil {
			t.Error(err)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted run returned %v", err)
	}
	if got := run(t, newModel(t), cfg); !reflect.DeepEqual(got.Curve, want.Curve) {
		t.Errorf("resumed curve differs from the uninterrupted one:\n%v\n%v", got.Curve, want.Curve)
	}
}

func TestCheckpointOfAnotherRunOrBrokenIsRefused(t *testing.T) {
	cfg := smallConfig()
	cfg.Checkpoint = filepath.Join(t.TempDir(), "checkpoint.safetensors")
	run(t, newModel(t), cfg)

	other := cfg
	other.LearningRate = 5e-3
	_, err := fit.Run(context.Background(), newModel(t), ring(1, 200), ring(2, 100), other, nil)
	if err == nil || !strings.HasSuffix(err.Error(), "another run, of Fit.learning_rate 0.01, here 0.005") || !strings.Contains(err.Error(), cfg.Checkpoint) {
		t.Errorf("checkpoint of another run: got %v", err)
	}
	for _, data := range [][2][][]float64{{ring(3, 200), ring(2, 100)}, {ring(1, 200), ring(3, 100)}} {
		_, err = fit.Run(context.Background(), newModel(t), data[0], data[1], cfg, nil)
		if err == nil || !strings.HasSuffix(err.Error(), "another run, of other rows") {
			t.Errorf("checkpoint of other data: got %v", err)
		}
	}
	f, err := safetensors.Read(cfg.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	f.Metadata["format"] = "normflow checkpoint 1"
	if err := safetensors.Write(cfg.Checkpoint, f); err != nil {
		t.Fatal(err)
	}
	_, err = fit.Run(context.Background(), newModel(t), ring(1, 200), ring(2, 100), cfg, nil)
	if err == nil || !strings.Contains(err.Error(), `its format is "normflow checkpoint 1"`) || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("checkpoint of an earlier version: got %v", err)
	}
	content, err := os.ReadFile(cfg.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.Checkpoint, content[:len(content)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = fit.Run(context.Background(), newModel(t), ring(1, 200), ring(2, 100), cfg, nil)
	if err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("truncated checkpoint: got %v", err)
	}
}

func TestDivergenceIsAnErrorAndLeavesFiniteWeights(t *testing.T) {
	cfg := smallConfig()
	cfg.LearningRate, cfg.ClipNorm, cfg.WarmUp = 1e30, 0, 0
	m := newModel(t)
	_, err := fit.Run(context.Background(), m, ring(1, 200), ring(2, 100), cfg, nil)
	if err == nil || !strings.Contains(err.Error(), "not finite at step") {
		t.Fatalf("got %v, want an error naming the step", err)
	}
	for _, w := range weights(t, m) {
		for _, v := range w.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("variable %s holds %g after a failed run", w.Path, v)
			}
		}
	}
}
