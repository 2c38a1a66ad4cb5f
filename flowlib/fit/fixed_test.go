package fit

import (
	"context"
	"testing"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// turned exchanges and stretches the two features by a matrix that is a variable
// but not trained.
type turned struct{}

var turn = [][]float32{{0, 1}, {2, 0}}

func (turned) Forward(_ *model.Scope, _, _ *Node) (x, logDet *Node) { panic("not used") }

func (turned) Inverse(scope *model.Scope, x, _ *Node) (z, logDet *Node) {
	initial := func(g *Graph, shape shapes.Shape) *Node { return ConvertDType(Const(g, turn), shape.DType) }
	fixed := func(name string, initial model.VariableInitializer, dims ...int) *Node {
		v := scope.GetVariable(name)
		if v == nil {
			v = scope.WithInitializer(initial).VariableWithShape(name, shapes.Make(x.DType(), dims...)).SetTrainable(false)
		}
		return ConvertDType(v.NodeValue(x.Graph()), x.DType())
	}
	logDet = AddScalar(ZerosLike(ReduceSum(x, -1)), 0.6931471805599453) // log 2
	return Mul(Dot(x, fixed("matrix", initial, 2, 2)).Product(), fixed("initialised", initializer.One)), logDet
}

// Fixed numbers of a flow stay what they are, to the last bit, though all
// variables pass through the loop; and they have no average.
func TestFixedVariablesStay(t *testing.T) {
	cfg := trapConfig()
	cfg.WeightDecay, cfg.LearningRate = 1, 0.1
	m := trappedModel(t, turned{})
	check := func(when string) {
		t.Helper()
		w, err := m.Weights()
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, w := range w {
			switch w.Path {
			case "/flow/01/00/matrix":
				seen++
				for i, v := range w.Values {
					if v != float64(turn[i/2][i%2]) {
						t.Errorf("%s the matrix is %v", when, w.Values)
					}
				}
			case "/flow/01/00/initialised":
				seen++
				if w.Values[0] != 1 {
					t.Errorf("%s initialized is %g", when, w.Values[0])
				}
			}
		}
		if seen != 2 {
			t.Fatalf("%s the flow has %d of the 2 fixed variables", when, seen)
		}
	}
	check("at first")
	if _, err := Run(context.Background(), m, trapRows(0), trapRows(1), cfg, func(Point, Config) { check("during training") }); err != nil {
		t.Fatal(err)
	}
	check("after training")
	averages := 0
	for v := range m.Store().Scope(averagePrefix).IterVariables() {
		if averages++; v.Name() == "matrix" || v.Name() == "initialised" {
			t.Errorf("%s is an average of a fixed number", v.Path())
		}
	}
	if averages != 8 {
		t.Errorf("%d averages, expected 8", averages)
	}

	// A run without averages leaves none behind.
	cfg.EMADecay = 0
	if _, err := Run(context.Background(), m, trapRows(0), trapRows(1), cfg, nil); err != nil {
		t.Fatal(err)
	}
	for v := range m.Store().Scope(averagePrefix).IterVariables() {
		t.Errorf("%s is left of an earlier run", v.Path())
	}
}
