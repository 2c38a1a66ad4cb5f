package bijector

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// Elementwise is a fixed affine map of each feature, such as the standardizer
// of a data set:
//
//	x = shift + scale⊙z,   log|det df/dz| = Σ_d ln scale_d
//
// It has no variables.
type Elementwise struct {
	shift, scale []float64
}

func init() {
	type form struct {
		Shift []float64 `json:"shift"`
		Scale []float64 `json:"scale"`
	}
	tree.RegisterAs("elementwise", func(e *Elementwise) form { return form{e.shift, e.scale} },
		func(f form) (*Elementwise, error) { return NewElementwise(f.Shift, f.Scale), nil })
}

// NewElementwise panics unless shift and scale have the same length and every
// scale is positive and finite.
func NewElementwise(shift, scale []float64) *Elementwise {
	if len(shift) != len(scale) {
		exceptions.Panicf("bijector: element-wise map with %d shifts and %d scales", len(shift), len(scale))
	}
	for i, s := range scale {
		if !(s > 0) || math.IsInf(s, 0) || math.IsNaN(shift[i]) || math.IsInf(shift[i], 0) {
			exceptions.Panicf("bijector: element-wise map of feature %d has shift %g and scale %g; expected finite, and scale > 0", i, shift[i], s)
		}
	}
	return &Elementwise{shift: shift, scale: scale}
}

// Forward implements [Bijector].
func (e *Elementwise) Forward(_ *model.Scope, z, _ *Node) (x, logDet *Node) {
	shift, scale := e.constants(z)
	return Add(shift, Mul(scale, z)), AddScalar(zeroLogDet(z), e.logDet())
}

// Inverse implements [Bijector].
func (e *Elementwise) Inverse(_ *model.Scope, x, _ *Node) (z, logDet *Node) {
	shift, scale := e.constants(x)
	return Div(Sub(x, shift), scale), AddScalar(zeroLogDet(x), -e.logDet())
}

func (e *Elementwise) logDet() float64 {
	sum := 0.0
	for _, s := range e.scale {
		sum += math.Log(s)
	}
	return sum
}

func (e *Elementwise) constants(v *Node) (shift, scale *Node) {
	v.AssertDims(-1, len(e.scale))
	g, dtype := v.Graph(), v.DType()
	shift = ConvertDType(Const(g, [][]float64{e.shift}), dtype) // [1, D]: ranks must match
	scale = ConvertDType(Const(g, [][]float64{e.scale}), dtype)
	return shift, scale
}
