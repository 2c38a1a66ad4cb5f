package fit

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/flow"
	"normflow/flowlib/tree"
	"normflow/internal/names"
	"normflow/internal/safetensors"
)

// trap is the identity until a row holds trapped. Then something of it is not
// finite, as its name says.
type trap string

const trapped = 2.5

func init() { tree.Register[trap]("trap") }

func (b trap) Forward(_ *model.Scope, z, _ *Node) (x, logDet *Node) { panic("not used") }

func (b trap) Inverse(_ *model.Scope, x, _ *Node) (z, logDet *Node) {
	distance := Abs(AddScalar(x, -trapped))
	var zero *Node
	switch b {
	case "output", "logdet": // 0, but NaN at trapped
		zero = Sub(Div(distance, distance), OnesLike(x))
	case "gradient": // √' is infinite at 0
		product := Mul(Slice(distance, AxisRange(), AxisElem(0)), Slice(distance, AxisRange(), AxisElem(1)))
		zero = MulScalar(Sqrt(product), 0) // [B, 1]: the moved feature's gradient goes on to the weights
	}
	if b == "logdet" {
		return x, ReduceSum(zero, -1)
	}
	return Add(x, BroadcastToShape(zero, x.Shape())), ZerosLike(ReduceSum(x, -1))
}

// trappedModel is a flow of two couplings with a trap between; the one nearer to
// the data leaves one feature as it is.
func trappedModel(t *testing.T, b bijector.Bijector) *flow.Model {
	t.Helper()
	coupling := func(mask bijector.Mask) bijector.Bijector {
		return bijector.NewCoupling(mask, bijector.MLP(activation.TypeRelu, 8), bijector.Affine{})
	}
	f := flow.New(base.Normal{Features: 2}, bijector.Chain{
		coupling(bijector.Alternating(2, true)), bijector.Chain{b, coupling(bijector.Alternating(2, false))},
	})
	m, err := flow.NewModel(backendtest.Open(t), f, flow.Settings{Features: 2})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// trapRows are 64 rows without the trapped value.
func trapRows(shift float64) (rows [][]float64) {
	for i := range 64 {
		rows = append(rows, []float64{math.Sin(float64(i) + shift), math.Cos(3*float64(i) + shift)})
	}
	return rows
}

func trapConfig() Config {
	return Config{Seed: 3, Steps: 40, BatchSize: 8, LearningRate: 1e-3, ClipNorm: 1, EvalEvery: 10, EMADecay: 0.9}
}

// A run is stopped at the step whose batch holds the trapped row, and the error
// names that step, the layer and the row. Model and checkpoint stay finite.
func TestErrorNamesStepAndLayer(t *testing.T) {
	const row = 50
	cfg := trapConfig()
	step := 0
	for batches := newBatches(cfg, 64); !slices.Contains(batches.at(step), row); {
		step++
	}
	if step < 1 || step > 8 {
		t.Fatalf("row %d comes at step %d: the test wants one that is neither first nor last of a point", row, step+1)
	}
	train := trapRows(0)
	train[row] = []float64{trapped, trapped}
	at := fmt.Sprintf("at step %d of 40", step+1)
	after := fmt.Sprintf("after step %d of 40", step+1)
	for name, want := range map[trap][]string{
		"output":   {at, "/flow/01/00 (fit.trap)", "the output not", "training row 50"},
		"logdet":   {at, "/flow/01/00 (fit.trap)", "the log-determinant not", "training row 50"},
		"gradient": {after, "/flow/01/00 (fit.trap)", "the gradient stops being finite", "fit: /flow/"},
	} {
		for _, clip := range []float64{0, 1} {
			t.Run(fmt.Sprintf("%s/clip=%g", name, clip), func(t *testing.T) {
				cfg := cfg
				cfg.ClipNorm = clip
				m := trappedModel(t, name)
				_, err := Run(context.Background(), m, train, trapRows(1), cfg, nil)
				mention(t, err, want...)
				finiteModel(t, m)
			})
		}
	}
	t.Run("inverted", func(t *testing.T) { // the trap's Inverse, seen through two Inverts
		m := trappedModel(t, bijector.Invert{Bijector: bijector.Invert{Bijector: trap("output")}})
		_, err := Run(context.Background(), m, train, trapRows(1), cfg, nil)
		mention(t, err, at, "/flow/01/00 (fit.trap)")
	})
	t.Run("after a checkpoint", func(t *testing.T) {
		cfg := cfg
		cfg.EvalEvery, cfg.Checkpoint = 1, filepath.Join(t.TempDir(), "checkpoint.safetensors")
		m := trappedModel(t, trap("gradient"))
		r, err := Run(context.Background(), m, train, trapRows(1), cfg, nil)
		mention(t, err, after, "/flow/01/00 (fit.trap)")
		if len(r.Curve) != step || r.Stopped != "" {
			t.Errorf("%d points and stopped by %q, want %d and nothing", len(r.Curve), r.Stopped, step)
		}
		f, err := safetensors.Read(cfg.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		if name := firstNotFinite(f.Tensors); name != "" {
			t.Errorf("the checkpoint holds %s, not finite", name)
		}
		finiteModel(t, m)
	})
	t.Run("validation", func(t *testing.T) {
		_, err := Run(context.Background(), trappedModel(t, trap("logdet")), trapRows(0), train, cfg, nil)
		mention(t, err, "validation NLL is NaN after step 10 of 40", "/flow/01/00 (fit.trap)", "validation row 50")
	})
}

func TestNotFiniteFromTheStart(t *testing.T) {
	train := trapRows(0)
	for i := range train {
		train[i][0], train[i][1] = trapped, trapped
	}
	_, err := Run(context.Background(), trappedModel(t, trap("output")), train, trapRows(1), trapConfig(), nil)
	mention(t, err, "at step 1 of 40, before any update", "/flow/01/00 (fit.trap)")

	for i := range train {
		train[i][0] = 1e300 // of float64, not of float32
	}
	_, err = Run(context.Background(), trappedModel(t, trap("output")), train, trapRows(1), trapConfig(), nil)
	mention(t, err, "at step 1 of 40, before any update", "beyond the range of Float32", "training row")

	m := trappedModel(t, trap("output"))
	w, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	w[1].Values[0] = math.NaN()
	if err := m.SetWeights(w); err != nil {
		t.Fatal(err)
	}
	_, err = Run(context.Background(), m, trapRows(0), trapRows(1), trapConfig(), nil)
	mention(t, err, w[1].Path+" is not finite before the first step")
}

// A gradient that is finite but whose norm is not: clipping must not turn it into
// a step of nothing, which would go on for ever.
func TestOverflowOfTheNormIsAnError(t *testing.T) {
	train := trapRows(0)
	train[50][1] = 1e18 // NLL 10³⁶; the gradient of the shift's bias is as large
	for clip, want := range map[float64]string{0: "2nd_moment is not finite", 1: "fit: /flow/"} {
		cfg := trapConfig()
		cfg.ClipNorm, cfg.EMADecay = clip, 0
		m := trappedModel(t, trap("gradient"))
		_, err := Run(context.Background(), m, train, trapRows(1), cfg, nil)
		mention(t, err, want, "all gradients are finite, the largest", "bijector.Coupling")
		finiteModel(t, m)
	}
}

func mention(t *testing.T, err error, want ...string) {
	t.Helper()
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("got %v, want an error with %q", err, w)
		}
	}
}

func finiteModel(t *testing.T, m *flow.Model) {
	t.Helper()
	w, err := safetensors.FromStore(m.Store(), names.FlowPrefix)
	if err != nil {
		t.Fatal(err)
	}
	if name := firstNotFinite(w); name != "" || len(w) != 8 {
		t.Errorf("of %d weights that the failed run left, expected 8, %q is not finite", len(w), name)
	}
}

// A row outside of a uniform base's box is no matter of the learning rate.
func TestUniformBaseSaysWhatToDo(t *testing.T) {
	cfg := flow.RealNVP(2)
	cfg.Base, cfg.Bound, cfg.Layers, cfg.Hidden = "uniform", 1, 1, []int{2}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	inside := [][]float64{{0, 0}, {0.1, 0.1}, {0.2, 0}, {0, 0.2}}
	fc := DefaultConfig(cfg)
	fc.Steps, fc.BatchSize, fc.EvalEvery = 2, 4, 1
	_, err = Run(context.Background(), m, inside, [][]float64{{5, 0}, {0, -5}}, fc, nil)
	mention(t, err, "validation NLL is +Inf", "validation row 0", "larger bound")
	_, err = Run(context.Background(), m, [][]float64{{0, 0}, {0.1, 0.1}, {5, 0}, {0, 0.2}}, inside, fc, nil)
	mention(t, err, "training row 2")
}
