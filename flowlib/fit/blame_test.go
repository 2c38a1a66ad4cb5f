package fit

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
	"normflow/flowlib/flow"
)

// The walk that looks for a layer is the way the flow itself takes, through
// chains of chains and inverted bijectors, at weights where every order and
// direction gives another number.
func TestWalkIsTheFlow(t *testing.T) {
	coupling := func(odd bool) bijector.Bijector {
		return bijector.NewCoupling(bijector.Alternating(2, odd), bijector.MLP(activation.TypeTanh, 4), bijector.Affine{})
	}
	b := bijector.Invert{Bijector: bijector.Chain{coupling(true), coupling(false), bijector.Invert{Bijector: coupling(true)}}}
	m := trappedModel(t, b)
	w, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for i := range w {
		for j := range w[i].Values {
			w[i].Values[j] = 0.7 * math.Sin(float64(13*i+7*j+1))
		}
	}
	if err := m.SetWeights(w); err != nil {
		t.Fatal(err)
	}
	tr, err := newTrainer(m, trapRows(0), nil, trapConfig())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	nll, err := tr.once(trapRows(1), func(scope *model.Scope, rows *Node) []*Node {
		places, walked := tr.flowWalk(scope, rows)
		paths = nil
		for _, p := range places {
			paths = append(paths, p.path)
		}
		return []*Node{walked, Neg(ReduceAllMean(m.Flow().LogProb(scope, rows, nil)))}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !(math.Abs(nll[0]-nll[1]) <= 1e-5) { // a few roundings of float32
		t.Errorf("NLL of the walk is %g, of the flow %g, at %v", nll[0], nll[1], paths)
	}
	want := []string{"/flow/01/01", "/flow/01/00/00", "/flow/01/00/01", "/flow/01/00/02", "/flow/00", "/flow/base"}
	if len(paths) != len(want) {
		t.Fatalf("places %v, want %v", paths, want)
	}
	for i := range want {
		if paths[i] != want[i] {
			t.Fatalf("places %v, want %v", paths, want)
		}
	}
}

// A flow that scales its context walks with the scaled one.
func TestWalkScalesTheContext(t *testing.T) {
	cfg := flow.RealNVP(1)
	cfg.Context, cfg.Layers, cfg.Hidden = 1, 2, []int{4}
	cfg.ContextScaler = &dataset.Standardizer{Mean: []float64{3}, Std: []float64{0.2}}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for i := range w {
		for j := range w[i].Values {
			w[i].Values[j] = 0.7 * math.Sin(float64(13*i+7*j+1))
		}
	}
	if err := m.SetWeights(w); err != nil {
		t.Fatal(err)
	}
	rows := [][]float64{{0.1, 3}, {0.4, 3.1}, {-1, 2.9}, {1, 3.2}}
	tr, err := newTrainer(m, rows, nil, Config{Steps: 1, BatchSize: 2, LearningRate: 1e-3, EvalEvery: 1})
	if err != nil {
		t.Fatal(err)
	}
	nll, err := tr.once(rows, func(scope *model.Scope, rows *Node) []*Node {
		_, walked := tr.flowWalk(scope, rows)
		return []*Node{walked, Neg(ReduceAllMean(m.LogProbGraph(scope, rows)))}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !(math.Abs(nll[0]-nll[1]) <= 1e-5) { // a few roundings of float32
		t.Errorf("NLL of the walk is %g, of the flow %g", nll[0], nll[1])
	}
}
