package imagelayer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/tree"
)

// NormalHistogram gives each number of an image, x of [B, D], a trained histogram of its own,
// as [Histogram] does, and maps it to the normal number of the same share, as [Probit] does.
// With masses m_k of the Bins bins of [0, Levels], which are w = Levels/Bins wide:
//
//	z = Φ⁻¹(u),   u = m_0 + … + m_{k-1} + m_k·(x/w - k) for x in bin k
//	log|det dz/dx| = Σ_d ln(m_k/w) - ln φ(z_d)
//
// In a bin that is narrow among the latents, steps of float32 there would be large steps of x.
// So the m_k are not quite those of the variable "log_mass", [D, Bins]: between the first and
// the last every bin is 1.7/Bins wide among the latents or wider, and all of them lie within
// ±5. Shares are float64 in either precision, and kept 2⁻⁴⁶ away from 0 and 1.
//
// Outside of [0, Levels] Inverse returns the log-determinant -Inf, and so a density of zero.
type NormalHistogram struct {
	histogram *Histogram
	probit    *Probit
}

func init() {
	type form struct {
		Features int `json:"features"`
		Levels   int `json:"levels"`
		Bins     int `json:"bins"`
	}
	tree.RegisterAs("image_normal_histogram", func(n *NormalHistogram) form {
		return form{n.histogram.features, n.histogram.levels, n.histogram.bins}
	}, func(f form) (*NormalHistogram, error) { return NewNormalHistogram(f.Features, f.Levels, f.Bins), nil })
}

// NewNormalHistogram panics where [NewHistogram] does.
func NewNormalHistogram(features, levels, bins int) *NormalHistogram {
	return &NormalHistogram{NewHistogram(features, levels, bins), NewProbit(features)}
}

const (
	// leastSpan is how wide all bins but the first and the last, which have no end, are together
	// at least among the latents. Bins of equal mass span 2.5/Bins each, or more.
	leastSpan = 1.7

	// farthest is where they end at most. The last bin has a share of 3·10⁻⁷ then, in which
	// float64 still tells numbers apart.
	farthest = 5
)

// Inverse implements [bijector.Bijector].
func (n *NormalHistogram) Inverse(scope *model.Scope, x, _ *Node) (z, logDet *Node) {
	u, logDet, _ := n.histogram.shares(n.spread(n.histogram.trained(scope, x)), ConvertDType(x, dtypes.Float64))
	z, more := n.probit.Inverse(nil, u, nil)
	return ConvertDType(z, x.DType()), ConvertDType(Add(logDet, more), x.DType())
}

// Forward implements [bijector.Bijector].
func (n *NormalHistogram) Forward(scope *model.Scope, z, _ *Node) (x, logDet *Node) {
	u, logDet := n.probit.Forward(nil, ConvertDType(z, dtypes.Float64), nil)
	x, more := n.histogram.numbers(n.spread(n.histogram.trained(scope, z)), u)
	return ConvertDType(x, z.DType()), ConvertDType(Add(logDet, more), z.DType())
}

// spread widens the bins that are too narrow among the latents. On average over the histogram
// numbers stay where they are, unless they would be too far out.
func (n *NormalHistogram) spread(of histograms) histograms {
	g, bins := of.mass.Graph(), n.histogram.bins
	inner := func(v *Node, from, to int) *Node { return Slice(v, AxisRange(), AxisRange(from, to)) }
	ends := quantile(inner(of.below, 1, bins)) // upper end of each bin but the last
	if bins > 2 {
		least := leastSpan / float64(bins)
		lack := MaxScalar(AddScalar(Sub(inner(ends, 0, bins-2), inner(ends, 1, bins-1)), least), 0)
		above := OneMinus(Add(inner(of.below, 1, bins-1), MulScalar(inner(of.mass, 1, bins-1), 0.5)))
		moves := MatMul(lack, Slice(triangle(g, bins-1), AxisRange(0, bins-2)))
		ends = Add(ends, Sub(moves, ReduceAndKeep(Mul(lack, above), ReduceSum, -1)))
		// Bounds as far apart as the bins must be keep them so.
		bound := AddScalar(MulScalar(Iota(g, shapes.Make(dtypes.Float64, 1, bins-1), 1), least), -farthest)
		ends = Min(Max(ends, bound), Neg(Reverse(bound, 1)))
	}
	u := cdf(ends)
	first := ZerosLike(inner(of.mass, 0, 1))
	below := Concatenate([]*Node{first, u}, -1)
	return histograms{Sub(Concatenate([]*Node{u, OnesLike(first)}, -1), below), below}
}
