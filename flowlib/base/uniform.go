package base

import (
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// Uniform is constant on the box [lo_d, hi_d] and zero outside:
//
//	log p(z) = -Σ_d log(hi_d - lo_d)  in the box, -Inf outside
//
// It has no variables. Its gradient is 0 everywhere, so training cannot pull a point
// outside the box back in: use it under bijectors whose inverse ends in the box.
type Uniform struct {
	lo, hi []float64
}

func init() {
	type form struct {
		Lo []float64 `json:"lo"`
		Hi []float64 `json:"hi"`
	}
	tree.RegisterAs("uniform", func(u *Uniform) form { return form{u.lo, u.hi} },
		func(f form) (*Uniform, error) { return NewUniform(f.Lo, f.Hi), nil })
}

// NewUniform panics unless lo and hi have the same length, at least 1, all
// bounds are finite, and lo < hi in every feature.
func NewUniform(lo, hi []float64) *Uniform {
	checkFeatures("Uniform", len(lo))
	if len(lo) != len(hi) {
		exceptions.Panicf("base: Uniform with %d lower and %d upper bounds", len(lo), len(hi))
	}
	for d := range lo {
		if !(lo[d] < hi[d]) || math.IsInf(hi[d]-lo[d], 0) {
			exceptions.Panicf("base: Uniform on [%g, %g] in feature %d; expected finite bounds, the lower below the upper", lo[d], hi[d], d)
		}
	}
	return &Uniform{lo: slices.Clone(lo), hi: slices.Clone(hi)}
}

// LogProb returns the log-density of each row of z, in nats: -Inf outside the box, NaN
// for a row with NaN. z is [B, D]; the result is [B]. It panics unless z has D
// features.
func (u *Uniform) LogProb(_ *model.Scope, z *Node) *Node {
	z.AssertDims(-1, len(u.lo))
	g, dtype := z.Graph(), z.DType()
	logVolume := 0.0
	for d := range u.lo {
		logVolume += math.Log(u.hi[d] - u.lo[d])
	}
	outside := LogicalAny(LogicalOr(LessThan(z, row(g, dtype, u.lo)), GreaterThan(z, row(g, dtype, u.hi))), -1)
	numbers := LogicalAll(Equal(z, z), -1)
	// 0·z carries NaN to the result, and 0 to the gradient even where it is infinite.
	inside := AddScalar(ReduceSum(MulScalar(z, 0), -1), -logVolume)
	return Where(LogicalAnd(outside, numbers), BroadcastToDims(Infinity(g, dtype, -1), inside.Shape().Dimensions...), inside)
}

// Sample draws count latents, [count, D], using the random state of the scope's store.
// temperature multiplies their distance from the center of the box; a temperature above
// 1 counts as 1, because there is no mass outside.
func (u *Uniform) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node {
	centre, width := make([]float64, len(u.lo)), make([]float64, len(u.lo))
	for d := range centre {
		centre[d], width[d] = u.lo[d]/2+u.hi[d]/2, u.hi[d]-u.lo[d]
	}
	fromCentre := AddScalar(scope.RandomUniform(g, shapes.Make(dtype, count, len(u.lo))), -0.5)
	fromCentre = Mul(scaled(fromCentre, MinScalar(temperature, 1)), row(g, dtype, width))
	// Rounding must not move a draw over the edge, where its density is 0.
	lo, hi := row(g, dtype, u.lo), row(g, dtype, u.hi)
	return Max(lo, Min(hi, Add(row(g, dtype, centre), fromCentre)))
}
