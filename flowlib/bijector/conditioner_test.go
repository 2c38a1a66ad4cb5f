package bijector_test

import (
	"fmt"
	"hash/fnv"
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
)

// network runs a conditioner of 3 outputs on rows of two features.
func network(t *testing.T, store *model.Store, c bijector.Conditioner, h [][]float64) [][]float64 {
	t.Helper()
	out, err := model.CallOnce(backendtest.Open(t), store, func(scope *model.Scope, h *graph.Node) *graph.Node {
		return c.Raw(scope.At("net"), h, 3)
	}, h)
	if err != nil {
		t.Fatal(err)
	}
	return out.Value().([][]float64)
}

func values(store *model.Store, path string) []float64 {
	var out []float64
	store.GetVariable(path).MustValue().MustConstFlatData(func(flat any) { out = append(out, flat.([]float64)...) })
	return out
}

// A Config and its seed must build the same model in the next version too.
func TestInitialValuesOfAnMLPArePinned(t *testing.T) {
	store := model.NewStore()
	store.SetParam(model.ParamInitialSeed, int64(3))
	network(t, store, bijector.MLP(activation.TypeRelu, 8, 8), [][]float64{{1, 2}})
	hash := fnv.New64a()
	for _, path := range []string{"/net/hidden_0/weights", "/net/hidden_0/biases", "/net/hidden_1/weights", "/net/hidden_1/biases"} {
		for _, v := range values(store, path) {
			fmt.Fprintf(hash, "%x ", math.Float64bits(v))
		}
	}
	if got, want := hash.Sum64(), uint64(0x996bb14ee5f458aa); got != want {
		t.Errorf("the hash of the initial values is %#x, was %#x", got, want)
	}
}

func TestConditionersStartAtZero(t *testing.T) {
	for name, c := range map[string]bijector.Conditioner{
		"MLP":      bijector.MLP(activation.TypeRelu, 8),
		"residual": bijector.ResidualMLP(activation.TypeRelu, 8, 2),
	} {
		for _, v := range network(t, model.NewStore(), c, [][]float64{{1, 2}})[0] {
			if v != 0 || math.Signbit(v) {
				t.Errorf("%s starts with %g", name, v)
			}
		}
	}
}

// Twice h += W₂·tanh(W₁·tanh(h) + b₁) + b₂, between two dense layers, by hand.
func TestResidualMLPIsItsFormula(t *testing.T) {
	store, width := model.NewStore(), 4
	c := bijector.ResidualMLP(activation.TypeTanh, width, 2)
	x := [][]float64{{0.7, -1.3}}
	network(t, store, c, x) // creates the variables
	for _, v := range values(store, "/net/block_0/hidden_1/weights") {
		if !(math.Abs(v) <= 1e-3) || v == 0 {
			t.Errorf("a weight at the end of a new block is %g, want it small and not 0", v)
		}
	}
	bijectortest.Randomize(store, 0.6, 1)
	dense := func(name string, in []float64) []float64 {
		out := values(store, "/net/"+name+"/biases")
		weights := values(store, "/net/"+name+"/weights")
		for i, v := range in {
			for j := range out {
				out[j] += v * weights[i*len(out)+j]
			}
		}
		return out
	}
	tanh := func(in []float64) []float64 {
		out := make([]float64, len(in))
		for i, v := range in {
			out[i] = math.Tanh(v)
		}
		return out
	}
	h := dense("in", x[0])
	for _, block := range []string{"block_0", "block_1"} {
		r := dense(block+"/hidden_1", tanh(dense(block+"/hidden_0", tanh(h))))
		for i := range h {
			h[i] += r[i]
		}
	}
	want, got := dense("out", h), network(t, store, c, x)[0]
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-13) { // float64, sums of four
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestImpossibleResidualMLPs(t *testing.T) {
	checkPanics(t, "no width", "width", func() { bijector.ResidualMLP(activation.TypeRelu, 0, 1) })
	checkPanics(t, "negative", "blocks", func() { bijector.ResidualMLP(activation.TypeRelu, 1, -1) })
}
