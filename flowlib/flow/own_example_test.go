package flow_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
	"normflow/flowlib/tree"
)

// Bend adds By·z₁² to z₂. Models hold it as {"bend": {"by": 0.5}}.
type Bend struct {
	By float64 `json:"by"`
}

func init() { tree.Register[Bend]("bend") }

func (b Bend) Forward(_ *model.Scope, z, _ *Node) (x, logDet *Node) { return bend(z, b.By) }
func (b Bend) Inverse(_ *model.Scope, x, _ *Node) (z, logDet *Node) { return bend(x, -b.By) }

func bend(v *Node, by float64) (out, logDet *Node) {
	first, second := Slice(v, AxisRange(), AxisElem(0)), Slice(v, AxisRange(), AxisElem(1))
	second = Add(second, MulScalar(Square(first), by))
	return Concatenate([]*Node{first, second}, -1), ReduceSum(ZerosLike(v), -1)
}

// A flow of one's own, for data between 0 and 1, with a bijector of one's own: it is
// trained, saved, and loaded by another process, which has registered the type as well.
func Example_ownFlow() {
	coupling := bijector.NewCoupling(bijector.Halves(2, false), bijector.MLP(activation.TypeTanh, 16), bijector.Affine{})
	f := flow.New(base.Normal{Features: 2}, bijector.Chain{
		coupling, Bend{0.5}, bijector.Reversal(2), coupling, bijector.NewLogit([]float64{0, 0}, []float64{1, 1}),
	})
	m := must.M1(flow.NewModel(must.M1(backend.Open("go")), f, flow.Settings{Features: 2, Seed: 1}))

	rows := ownRows()
	training := fit.Config{Steps: 100, BatchSize: 64, LearningRate: 1e-2, EvalEvery: 50}
	r := must.M1(fit.Run(context.Background(), m, rows[:800], rows[800:], training, nil))
	fmt.Println("denser than the uniform density:", r.BestValid < 0)

	dir := must.M1(os.MkdirTemp("", "own-flow"))
	defer os.RemoveAll(dir)
	must.M(m.Save(dir, nil))
	fmt.Println("the same bits in another process:", elsewhere(dir) == fmt.Sprintf("%x\n", must.M1(m.LogProb(rows[:3]))))
	// Output:
	// denser than the uniform density: true
	// the same bits in another process: true
}

// ownRows lie between 0 and 1, along the diagonal.
func ownRows() (rows [][]float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		u := rng.Float64()
		rows = append(rows, []float64{u, 0.8*u + 0.2*rng.Float64()})
	}
	return rows
}
