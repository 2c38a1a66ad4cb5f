package bijector

import (
	. "github.com/gomlx/gomlx/core/graph"

	"normflow/flowlib/tree"
)

// Additive shifts, the transform of NICE. It keeps volumes:
//
//	τ(z) = z + t,   log|∂τ/∂z| = 0
//
// A flow of additive couplings needs some other layer, such as [ActNorm], to
// change the scale of a feature.
//
// Source: Dinh et al. 2015, https://arxiv.org/abs/1410.8516, equations 8 and 9.
type Additive struct{}

func init() { tree.Register[Additive]("additive") }

// NumParameters implements [Transform].
func (Additive) NumParameters() int { return 1 }

// Forward implements [Transform].
func (Additive) Forward(v, raw *Node) (out, logDeriv *Node) {
	return Add(v, parameter(raw, 0)), ZerosLike(v)
}

// Inverse implements [Transform].
func (Additive) Inverse(v, raw *Node) (out, logDeriv *Node) {
	return Sub(v, parameter(raw, 0)), ZerosLike(v)
}
