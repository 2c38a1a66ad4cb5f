package base

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector/bijectortest"
)

type distribution interface {
	LogProb(scope *model.Scope, z *Node) *Node
	Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node
}

// harness is a base with numbers, on the backend of the tests.
type harness struct {
	t       *testing.T
	base    distribution
	dtype   dtypes.DType
	backend compute.Backend
	store   *model.Store
	execs   map[string]*model.Exec // XLA takes its time to compile
}

func newHarness(t *testing.T, b distribution, dtype dtypes.DType) *harness {
	return &harness{t: t, base: b, dtype: dtype, backend: backendtest.Open(t), store: model.NewStore(), execs: map[string]*model.Exec{}}
}

// randomized is a harness whose variables are away from where they start.
func randomized(t *testing.T, b distribution, features int) *harness {
	h := newHarness(t, b, dtypes.Float64)
	h.logProb([][]float64{make([]float64, features)})
	bijectortest.Randomize(h.store, 0.6, 1)
	return h
}

func (h *harness) call(name string, graph func(*model.Scope, *Node) []*Node, in any) []*tensors.Tensor {
	h.t.Helper()
	if h.execs[name] == nil {
		exec, err := model.NewExec(h.backend, h.store, graph)
		if err != nil {
			h.t.Fatal(err)
		}
		h.execs[name] = exec
	}
	out, err := h.execs[name].Call(in)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *harness) logProb(z [][]float64) []float64 {
	h.t.Helper()
	return h.call("logprob", func(scope *model.Scope, z *Node) []*Node {
		lp := h.base.LogProb(scope.At("base"), ConvertDType(z, h.dtype))
		return []*Node{ConvertDType(lp, dtypes.Float64)}
	}, z)[0].Value().([]float64)
}

func (h *harness) sample(seed int64, count int, temperature float64) [][]float64 {
	h.t.Helper()
	if err := h.store.SetRNGStateFromSeed(seed); err != nil {
		h.t.Fatal(err)
	}
	return h.call(fmt.Sprint("sample", count), func(scope *model.Scope, temperature *Node) []*Node {
		z := h.base.Sample(scope.At("base"), temperature.Graph(), h.dtype, count, temperature)
		return []*Node{ConvertDType(z, dtypes.Float64)}
	}, temperature)[0].Value().([][]float64)
}

// gradients returns the gradient of the sum of log-densities by z, and by each
// trainable variable under its path.
func (h *harness) gradients(z [][]float64) map[string][]float64 {
	h.t.Helper()
	delete(h.execs, "gradients") // paths are filled as the graph is built
	paths := []string{"z"}
	out := h.call("gradients", func(scope *model.Scope, z *Node) []*Node {
		sum := ReduceAllSum(h.base.LogProb(scope.At("base"), ConvertDType(z, h.dtype)))
		by := []*Node{z}
		for v := range scope.IterVariables() {
			if v.Trainable && v.InUseByGraph(z.Graph()) {
				paths = append(paths, v.Path())
				by = append(by, v.NodeValue(z.Graph()))
			}
		}
		grads := Gradient(sum, by...)
		for i, grad := range grads {
			grads[i] = ConvertDType(Reshape(grad, grad.Shape().Size()), dtypes.Float64)
		}
		return grads
	}, z)
	grads := map[string][]float64{}
	for i, path := range paths {
		grads[path] = out[i].Value().([]float64)
	}
	return grads
}

// value returns a variable of the base, flat.
func (h *harness) value(name string) []float64 {
	h.t.Helper()
	var flat []float64
	h.store.GetVariable("/base/" + name).MustValue().MustConstFlatData(func(data any) {
		switch data := data.(type) {
		case []float64:
			flat = slices.Clone(data)
		case []float32:
			for _, v := range data {
				flat = append(flat, float64(v))
			}
		}
	})
	return flat
}

func (h *harness) panicking(z []float64) {
	model.MustCallOnceN(h.backend, h.store, func(scope *model.Scope, z *Node) []*Node {
		return []*Node{h.base.LogProb(scope.At("base"), z)}
	}, [][]float64{z})
}
