package bijector_test

import (
	"context"
	"fmt"
	"os"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/dataset"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/tree"
)

// Sinh is a bijector of your own: x = sinh(z) of each feature, for heavy tails.
// Hand it to bijectortest.Check, which compares its log-determinants with autodiff.
type Sinh struct{}

// A registered name lets models that hold it be saved and loaded.
func init() { tree.Register[Sinh]("sinh") }

func (Sinh) Forward(_ *model.Scope, z, _ *graph.Node) (x, logDet *graph.Node) {
	x = graph.MulScalar(graph.Sub(graph.Exp(z), graph.Exp(graph.Neg(z))), 0.5)
	return x, graph.MulScalar(graph.ReduceSum(graph.Log(graph.OnePlus(graph.Square(x))), -1), 0.5)
}

func (Sinh) Inverse(_ *model.Scope, x, _ *graph.Node) (z, logDet *graph.Node) {
	square := graph.OnePlus(graph.Square(x))
	z = graph.Mul(graph.Sign(x), graph.Log(graph.Add(graph.Abs(x), graph.Sqrt(square))))
	return z, graph.MulScalar(graph.ReduceSum(graph.Log(square), -1), -0.5)
}

// A flow of a coupling, a permutation, a bijector of one's own and a logit, for data
// in a box: trained, saved and loaded.
func Example_ownBijector() {
	coupling := func() bijector.Bijector {
		return bijector.NewCoupling(bijector.Alternating(2, false), bijector.MLP(activation.TypeRelu, 16), bijector.Affine{})
	}
	chain := bijector.Chain{
		coupling(), bijector.Reversal(2), coupling(), Sinh{},
		bijector.NewLogit([]float64{-4, -4}, []float64{4, 4}),
	}
	b := must.M1(backend.Open("go"))
	m := must.M1(flow.NewModel(b, flow.New(base.Normal{Features: 2}, chain), flow.Settings{Features: 2}))
	data := dataset.TwoMoons(0.1).Draw(1, 1000, 200, 0)
	cfg := fit.Config{Steps: 100, BatchSize: 128, LearningRate: 5e-3, EvalEvery: 50}
	result := must.M1(fit.Run(context.Background(), m, data.Train, data.Valid, cfg, nil))
	fmt.Println("learned:", result.Curve[1].Valid < result.Curve[0].Valid)

	dir := must.M1(os.MkdirTemp("", "own"))
	defer os.RemoveAll(dir)
	must.M(m.Save(dir, nil))
	again := must.M1(flow.Load(b, dir))
	before, after := must.M1(m.LogProb(data.Valid)), must.M1(again.LogProb(data.Valid))
	fmt.Println("the same after loading:", before[0] == after[0])
	// Output:
	// learned: true
	// the same after loading: true
}
