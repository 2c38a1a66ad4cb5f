package bijector_test

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/flow"
	"normflow/flowlib/tree"
)

// Linear is a conditioner of your own: parameters linear in what it reads. Its
// variable starts at zero, so that a new coupling layer is the identity.
type Linear struct{}

func init() { tree.Register[Linear]("linear") }

func (Linear) Raw(scope *model.Scope, h *graph.Node, outputs int) *graph.Node {
	shape := shapes.Make(h.DType(), h.Shape().Dim(-1), outputs)
	weights := bijector.Variable(scope, "weights", initializer.Zero, shape).NodeValue(h.Graph())
	return graph.Dot(graph.ConvertDType(h, weights.DType()), weights).Product()
}

// A new flow with a conditioner of one's own is the identity as well.
func Example_ownConditioner() {
	coupling := bijector.NewCoupling(bijector.Halves(2, false), Linear{}, bijector.Affine{})
	f := flow.New(base.Normal{Features: 2}, bijector.Chain{coupling})
	m := must.M1(flow.NewModel(must.M1(backend.Open("go")), f, flow.Settings{Features: 2}))
	fmt.Printf("%.4f\n", must.M1(m.LogProb([][]float64{{0, 0}, {1, 0}})))
	for _, w := range must.M1(m.Weights()) {
		fmt.Println(w.Path, w.Shape)
	}
	// Output:
	// [-1.8379 -2.3379]
	// /flow/00/conditioner/weights [1 2]
}
