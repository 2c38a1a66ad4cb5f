package solutions

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
)

// shear slides the second feature by the sine of the first: x = (z₁, z₂ + sin z₁). Areas
// stay as they are, so that its log-determinant is 0.
type shear struct{}

func (shear) Forward(_ *model.Scope, z, _ *Node) (x, logDet *Node) { return slide(z, 1) }
func (shear) Inverse(_ *model.Scope, x, _ *Node) (z, logDet *Node) { return slide(x, -1) }

func slide(v *Node, sign float64) (w, logDet *Node) {
	first, second := Slice(v, AxisRange(), AxisElem(0)), Slice(v, AxisRange(), AxisElem(1)) // [B, 1]
	w = Concatenate([]*Node{first, Add(second, MulScalar(Sin(first), sign))}, -1)
	return w, ZerosLike(ReduceSum(v, -1)) // [B]
}

func TestShear(t *testing.T) { bijectortest.Check(t, shear{}, 2, 1e-9) }

// Two layers of one mask freeze the same feature twice: no network can move it.
func TestOneMaskTwice(t *testing.T) {
	layer := bijector.NewCoupling(bijector.Mask{false, true}, bijector.MLP(activation.TypeTanh, 16), bijector.Affine{})
	z := [][]float64{{1, 2}, {-0.5, 3}}
	store := model.NewStore()
	exec := must.M1(model.NewExec(must.M1(backend.Open("go")), store, func(scope *model.Scope, z *Node) *Node {
		x, _ := bijector.Chain{layer, layer}.Forward(scope, z, nil)
		return Sub(x, z)
	}))
	exec.MustCall(z) // creates the weights
	bijectortest.Randomize(store, 0.5, 1)
	for i, moved := range exec.MustCall(z)[0].Value().([][]float64) {
		if moved[0] == 0 || moved[1] != 0 {
			t.Errorf("row %d moved by %v, want the first feature alone to move", i, moved)
		}
	}
}
