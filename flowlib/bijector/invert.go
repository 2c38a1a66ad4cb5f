package bijector

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/tree"
)

// Invert swaps the two directions of a bijector; it shares its variables.
type Invert struct {
	Bijector Bijector
}

func init() {
	type form = tree.Of[Bijector]
	tree.RegisterAs("invert", func(i Invert) form { return form{Part: i.Bijector} },
		func(f form) (Invert, error) { return Invert{f.Part}, nil })
}

// Couplings returns those of the inverted bijector, see [Couplings].
func (i Invert) Couplings() int { return Couplings(i.Bijector) }

// Forward implements [Bijector] by the other's Inverse.
func (i Invert) Forward(scope *model.Scope, z, context *Node) (x, logDet *Node) {
	return i.Bijector.Inverse(scope, z, context)
}

// Inverse implements [Bijector] by the other's Forward.
func (i Invert) Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node) {
	return i.Bijector.Forward(scope, x, context)
}
