package fit

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

// onFour opens XLA with four devices, all of the processor.
func onFour(t *testing.T) compute.Backend {
	t.Helper()
	if backend.Name(backendtest.Open(t)) == "go" {
		t.Skip("pure Go is one device: run with FLOW_TEST_BACKEND=xla:cpu")
	}
	b, err := backend.Open("xla:cpu", 4)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// deviceRun is a flow in double precision and how it is trained for 50 steps.
type deviceRun struct {
	flow  flow.Config
	train [][]float64
	cfg   Config
}

func (r deviceRun) model(t *testing.T, b compute.Backend) *flow.Model {
	t.Helper()
	m, err := r.flow.NewModel(b)
	if err == nil {
		m, err = m.Float64()
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// deviceRuns are an affine flow on batches that 2 and 4 divide, and a spline with context
// and weights on batches that they do not.
func deviceRuns() map[string]deviceRun {
	rng := rand.New(rand.NewPCG(1, 2))
	var plain, given [][]float64
	var weights []float64
	for range 96 {
		c := rng.NormFloat64()
		plain = append(plain, []float64{c, math.Sin(2*c) + 0.3*rng.NormFloat64()})
		given = append(given, []float64{rng.NormFloat64(), c*c + 0.3*rng.NormFloat64(), c})
		weights = append(weights, 3*rng.Float64())
	}
	affine, spline := flow.RealNVP(2), flow.NSF(2)
	spline.Context = 1
	for _, c := range []*flow.Config{&affine, &spline} {
		c.Layers, c.Hidden = 2, []int{8}
	}
	cfg := Config{Steps: 50, BatchSize: 16, LearningRate: 4e-3, ClipNorm: 1, EvalEvery: 20, EMADecay: 0.9, WeightDecay: 0.1}
	odd := cfg
	odd.BatchSize, odd.Weights = 15, weights
	return map[string]deviceRun{"affine": {affine, plain, cfg}, "spline": {spline, given, odd}}
}

// Two devices, then four, give the curve and the weights of one, also across a checkpoint.
func TestDevicesEqualOne(t *testing.T) {
	b := onFour(t)
	for name, r := range deviceRuns() {
		t.Run(name, func(t *testing.T) {
			one, several := r.model(t, b), r.model(t, b)
			for _, devices := range []int{2, 4} {
				want, err := Run(t.Context(), one, r.train, r.train, r.cfg, nil)
				if err != nil {
					t.Fatal(err)
				}
				shared := r.cfg
				shared.Devices = devices
				if devices == 2 && name == "affine" {
					shared.Checkpoint = interruptedAt20(t, r.model(t, b), r.train, shared)
				}
				got, err := Run(t.Context(), several, r.train, r.train, shared, nil)
				if err != nil {
					t.Fatal(err)
				}
				compareCurves(t, devices, got.Curve, want.Curve)
				compareWeights(t, devices, several, one)
			}
		})
	}
}

// interruptedAt20 returns the checkpoint of a run that ended after 20 steps, which a run
// on another number of devices refuses.
func interruptedAt20(t *testing.T, m *flow.Model, train [][]float64, cfg Config) string {
	t.Helper()
	cfg.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	ctx, stop := context.WithCancel(t.Context())
	if _, err := Run(ctx, m, train, train, cfg, func(Point, Config) { stop() }); ctx.Err() == nil || err == nil {
		t.Fatalf("the run was not interrupted: %v", err)
	}
	other := cfg
	other.Devices = 4
	if _, err := Run(t.Context(), m, train, train, other, nil); err == nil || !strings.Contains(err.Error(), "Fit.devices 2, here 4") {
		t.Errorf("on other devices: got %v", err)
	}
	return cfg.Checkpoint
}

// One call per step is shared out like the loop.
func TestDevicesStepByStep(t *testing.T) {
	b := onFour(t)
	r := deviceRuns()["affine"]
	r.cfg.Steps, r.cfg.Devices = 10, 2
	var models [2]*flow.Model
	for i, open := range []func(*trainer) (engine, error){
		func(t *trainer) (engine, error) { return newLoop(t) },
		func(t *trainer) (engine, error) { return newStepwise(t, 1) },
	} {
		models[i] = r.model(t, b)
		tr, err := newTrainer(models[i], r.train, nil, r.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if tr.engine, err = open(tr); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.run(0, r.cfg.Steps, nil); err != nil {
			t.Fatal(err)
		}
	}
	compareWeights(t, 2, models[1], models[0])
}

const sameDouble = 1e-12 // of a number near 1, after some steps

func compareCurves(t *testing.T, devices int, got, want []Point) {
	t.Helper()
	if len(got) != 3 || len(want) != 3 {
		t.Fatalf("%d devices: curves of %d and %d points, expected 3", devices, len(got), len(want))
	}
	for i, w := range want {
		if g := got[i]; g.Step != w.Step || !(math.Abs(g.Train-w.Train) <= sameDouble && math.Abs(g.Valid-w.Valid) <= sameDouble) {
			t.Errorf("%d devices: the curve has %v, expected %v", devices, g, w)
		}
	}
}

func compareWeights(t *testing.T, devices int, got, want *flow.Model) {
	t.Helper()
	g, err := got.Weights()
	if err != nil {
		t.Fatal(err)
	}
	w, err := want.Weights()
	if err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for i := range w {
		for j, v := range w[i].Values {
			worst = math.Max(worst, math.Abs(g[i].Values[j]-v))
		}
	}
	t.Logf("%d devices: the weights are within %.1e", devices, worst)
	if !(worst <= sameDouble) {
		t.Errorf("%d devices: a weight is off by %g", devices, worst)
	}
}

// Devices that are not there, and engines that are one, are refused.
func TestDevicesRefused(t *testing.T) {
	train := [][]float64{{1, 2}, {2, 1}, {0, 0}, {1, 1}}
	cfg := Config{Steps: 1, BatchSize: 4, LearningRate: 1e-3, EvalEvery: 1}
	for name, tt := range map[string]struct {
		devices int
		engine  string
		want    string
	}{
		"negative":   {-1, EngineGraph, "devices must be at most batch_size, 0 or 1 for one, found -1"},
		"idle":       {5, EngineGraph, "devices must be at most batch_size, 0 or 1 for one, found 5"},
		"fast":       {2, EngineFast, `the engine "fast" computes on the processor as one device, found 2 devices`},
		"not opened": {4, EngineGraph, "one device, found 4 devices"},
	} {
		m := stepperModel(t)
		if name == "not opened" && backend.Name(m.Backend()) != "go" {
			tt.want = "was opened with 1 of the 4 devices"
		}
		c := cfg
		c.Devices, c.Engine = tt.devices, tt.engine
		if _, err := Run(t.Context(), m, train, train, c, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}
