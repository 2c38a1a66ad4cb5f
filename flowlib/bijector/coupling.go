package bijector

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// DefaultInputBound is where a conditioner's input is clipped. Between the layers of a
// flow on standardized data hardly any point lies farther out.
const DefaultInputBound = 5.0

// Coupling combines a mask, a conditioner and a transform. Features where the mask is
// true pass unchanged; through the conditioner they choose the parameters of the
// transform, which moves each of the other features:
//
//	x_frozen = z_frozen
//	x_moving = τ(z_moving; conditioner(clip(z_frozen, ±bound), context))
//	log|det df/dz| = Σ_moving log|∂τ/∂z|
//
// The clip keeps the layer tame where there was no data. A network that extrapolates
// freely maps a point ten standard deviations out to 10⁷ and back, and no digit of a
// float32 survives. The context is clipped too.
//
// The mask may freeze nothing, as a single feature requires. Then the parameters depend
// on the context only; without a context they are the same for every event.
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803, equations 4 and 5;
// Papamakarios et al. 2021, https://arxiv.org/abs/1912.02762, section 3.1.2.
type Coupling struct {
	mask        Mask
	conditioner Conditioner
	transform   Transform
	inputBound  float64
}

func init() {
	type form struct {
		Mask        string               `json:"mask"` // a letter for each feature, see [Mask.String]
		Conditioner tree.Of[Conditioner] `json:"conditioner"`
		Transform   tree.Of[Transform]   `json:"transform"`
		InputBound  float64              `json:"input_bound"`
	}
	tree.RegisterAs("coupling", func(c *Coupling) form {
		return form{c.mask.String(), tree.Of[Conditioner]{Part: c.conditioner}, tree.Of[Transform]{Part: c.transform}, c.inputBound}
	}, func(f form) (*Coupling, error) {
		mask, err := ParseMask(f.Mask)
		if err != nil {
			return nil, tree.At("mask", err)
		}
		if math.IsInf(f.InputBound, 0) || !(f.InputBound > 0) {
			return nil, tree.At("input_bound", fmt.Errorf("found %g, expected a positive number", f.InputBound))
		}
		return NewCoupling(mask, f.Conditioner.Part, f.Transform.Part).InputBound(f.InputBound), nil
	})
}

// Transform is an invertible map of a single feature. A [Coupling] gets its raw
// parameters from the conditioner. They may be any real numbers, so the transform must
// bound them; at zero it is the identity.
//
// Log-derivatives are those of the map just applied, in nats, one per feature.
type Transform interface {
	// NumParameters returns P, the number of parameters per feature.
	NumParameters() int

	// Forward maps v, [B, M], by raw, [P, B, M]; out and logDeriv are [B, M].
	Forward(v, raw *Node) (out, logDeriv *Node)

	// Inverse undoes Forward at the same raw parameters.
	Inverse(v, raw *Node) (out, logDeriv *Node)
}

// NewCoupling returns the layer with the conditioner's input bounded by
// [DefaultInputBound]. It panics on a mask that moves no feature.
func NewCoupling(mask Mask, conditioner Conditioner, transform Transform) *Coupling {
	mask.parts()
	return &Coupling{mask: mask, conditioner: conditioner, transform: transform, inputBound: DefaultInputBound}
}

// InputBound sets the bound on what the conditioner sees. It panics unless bound > 0.
func (c *Coupling) InputBound(bound float64) *Coupling {
	if !(bound > 0) {
		exceptions.Panicf("bijector: the bound on the conditioner's input must be positive, found %g", bound)
	}
	c.inputBound = bound
	return c
}

// Couplings returns 1, see [Couplings].
func (c *Coupling) Couplings() int { return 1 }

// Forward implements [Bijector].
func (c *Coupling) Forward(scope *model.Scope, z, context *Node) (x, logDet *Node) {
	return c.move(scope, z, context, c.transform.Forward)
}

// Inverse implements [Bijector]. The conditioner reads only frozen features, which are
// equal in z and x, so it never needs to be inverted.
func (c *Coupling) Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node) {
	return c.move(scope, x, context, c.transform.Inverse)
}

func (c *Coupling) move(scope *model.Scope, v, context *Node, transform func(v, raw *Node) (out, logDeriv *Node)) (out, logDet *Node) {
	v.AssertDims(-1, len(c.mask))
	frozenAt, movingAt := c.mask.parts()
	moving := takeColumns(v, movingAt)
	moved, logDeriv := transform(moving, c.raw(scope, v, context, frozenAt, len(movingAt)))
	return c.mask.mergeColumns(v, moved), ReduceSum(logDeriv, -1)
}

// raw asks the conditioner for the parameters, [P, B, M], of the moving features.
func (c *Coupling) raw(scope *model.Scope, v, context *Node, frozenAt []int, numMoving int) *Node {
	var inputs []*Node
	if len(frozenAt) > 0 {
		inputs = append(inputs, takeColumns(v, frozenAt))
	}
	if context != nil {
		inputs = append(inputs, context)
	}
	var h *Node
	if len(inputs) == 0 {
		h = OnesLike(takeColumns(v, []int{0})) // nothing to condition on: the network returns constants
	} else {
		h = ClipScalar(Concatenate(inputs, -1), -c.inputBound, c.inputBound)
	}
	batch, numParameters := v.Shape().Dim(0), c.transform.NumParameters()
	raw := ConvertDType(c.conditioner.Raw(scope.At("conditioner"), h, numParameters*numMoving), v.DType())
	raw.AssertDims(batch, numParameters*numMoving)
	// Parameters first: sums over them then run along whole batches.
	return TransposeAllAxes(Reshape(raw, batch, numParameters, numMoving), 1, 0, 2)
}

// parameter is parameter p of raw, [P, B, M]: [B, M].
func parameter(raw *Node, p int) *Node {
	return Squeeze(Slice(raw, AxisElem(p)), 0)
}
