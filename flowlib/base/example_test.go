package base_test

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
	"normflow/flowlib/tree"
)

// Exponential is a base of your own: independent positive latents of mean 1.
type Exponential struct {
	Features int `json:"features"`
}

// A registered name lets models that hold it be saved and loaded.
func init() { tree.Register[Exponential]("exponential") }

func (e Exponential) LogProb(_ *model.Scope, z *graph.Node) *graph.Node {
	z.AssertDims(-1, e.Features)
	outside := graph.LogicalAny(graph.LessThan(z, graph.ZerosLike(z)), -1)
	logProb := graph.Neg(graph.ReduceSum(z, -1))
	return graph.Where(outside, graph.AddScalar(graph.ZerosLike(logProb), math.Inf(-1)), logProb)
}

func (e Exponential) Sample(scope *model.Scope, g *graph.Graph, dtype dtypes.DType, count int, temperature *graph.Node) *graph.Node {
	u := scope.RandomUniform(g, shapes.Make(dtype, count, e.Features)) // in [0, 1)
	return graph.Mul(graph.Neg(graph.Log(graph.OneMinus(u))), graph.ConvertDType(temperature, dtype))
}

// A flow without bijectors has the density of its base.
func Example_ownBase() {
	f := flow.New(Exponential{Features: 2}, nil)
	m := must.M1(flow.NewModel(must.M1(backend.Open("go")), f, flow.Settings{Features: 2}))
	fmt.Println(must.M1(m.LogProb([][]float64{{0, 0}, {1, 2}, {-1, 2}})))
	mean := 0.0
	for _, x := range must.M1(m.Sample(1, 10000)) {
		mean += x[0] / 10000
	}
	fmt.Println("mean within 0.05 of 1:", math.Abs(mean-1) < 0.05)
	// Output:
	// [0 -3 -Inf]
	// mean within 0.05 of 1: true
}
