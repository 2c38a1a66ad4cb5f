package imagelayer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/tree"
)

// HistogramPyramid gives each number of an image a [Histogram] that depends on the numbers
// before it. An image is made coarse to fine: every second pixel of every second row is an
// image of a quarter of the pixels, made first and in the same way; then come the pixels to
// the right of those, then those below, and last those between, channel by channel. All
// numbers of such a part are made at once: a [Net] sees what was made before, and the context,
// and says by which factors the masses m_k of their histograms change.
//
//	m'_k ∝ m_k·exp(net_g) for bin k, of group g
//	u = m'_0 + … + m'_{k-1} + m'_k·(x/w - k) for x in bin k,   log|det du/dx| = Σ_d ln(m'_k/w)
//
// With more than 32 bins, neighboring ones share a factor: there are 32 groups. A new layer is
// a [Histogram]; 10⁻⁵ of each stays what it is without the network.
//
// The networks see groups of bins and not where in these a number lies. So with a bin for each
// of at most 32 levels, shares that are uniform are a model of whole numbers: the density of a
// dequantized picture is the same everywhere in its cell, and uniform noise costs nothing. What
// layers on the side of the latents add to the density may differ within a cell.
//
// In float32 rounding may send a number of a rare group to the next one on its way back from
// the latents, and then all that follow differ.
//
// Drawing takes one network after the other, 3·Channels for each halving of the image.
//
// Source: Reed et al. 2017, https://arxiv.org/abs/1703.03664, section 3, for the order; Müller et
// al. 2019, https://arxiv.org/abs/1808.03856, section 4.1, for the piecewise linear map.
type HistogramPyramid struct {
	shape     Shape
	histogram *Histogram
	net       Net
}

func init() {
	type form struct {
		Image  Shape `json:"image"`
		Levels int   `json:"levels"`
		Bins   int   `json:"bins"`
		Net    Net   `json:"net"`
	}
	tree.RegisterAs("image_histogram_pyramid", func(p *HistogramPyramid) form {
		return form{p.shape, p.histogram.levels, p.histogram.bins, p.net}
	}, func(f form) (*HistogramPyramid, error) {
		return NewHistogramPyramid(f.Image, f.Levels, f.Bins, f.Net), nil
	})
}

// NewHistogramPyramid panics where [NewHistogram] does.
func NewHistogramPyramid(shape Shape, levels, bins int, net Net) *HistogramPyramid {
	shape.check("a pyramid of histograms")
	net.check()
	return &HistogramPyramid{shape, NewHistogram(shape.Features(), levels, bins), net}
}

// groups is how many groups of bins there are.
func (p *HistogramPyramid) groups() int { return min(p.histogram.bins, 32) }

// groupOf returns the groups of bins: bin·groups/bins of whole numbers, which is never rounded.
func (p *HistogramPyramid) groupOf(bin *Node) *Node {
	whole := ConvertDType(bin, dtypes.Int32)
	return ConvertDType(DivScalar(MulScalar(whole, p.groups()), p.histogram.bins), bin.DType())
}

// Inverse implements [bijector.Bijector].
func (p *HistogramPyramid) Inverse(scope *model.Scope, x, context *Node) (u, logDet *Node) {
	trained := p.histogram.trained(scope, x)
	u, logDet, bin := p.histogram.shares(trained, x)
	u, more := p.move(scope, trained, u, StopGradient(p.groupOf(bin)), context)
	return u, Add(logDet, more)
}

// Forward implements [bijector.Bijector].
func (p *HistogramPyramid) Forward(scope *model.Scope, u, context *Node) (x, logDet *Node) {
	trained := p.histogram.trained(scope, u)
	u, more := p.move(scope, trained, u, nil, context)
	x, logDet = p.histogram.numbers(trained, u)
	return x, Sub(logDet, more)
}

// move turns shares of histograms that depend on nothing into those of histograms that
// depend on the numbers before, whose groups are given; or, without groups, back. It returns
// the log-determinant of the way to the latents.
func (p *HistogramPyramid) move(scope *model.Scope, trained histograms, share, group, context *Node) (moved, logDet *Node) {
	s, g := p.shape, share.Graph()
	if context != nil {
		context = clip(context)
	}
	bins, groups := shapes.Make(dtypes.Float64, p.histogram.bins, p.groups()), p.groups()
	members := ConvertDType(Equal(p.groupOf(Iota(g, bins, 0)), Iota(g, bins, 1)), dtypes.Float64)
	masses := MatMul(trained.mass, members)
	table := func(of *Node) *Node {
		return Reshape(ConvertDType(of, share.DType()), 1, s.Height, s.Width, s.Channels, groups)
	}
	v := grays{share: s.image(share), mass: table(masses), below: table(MatMul(masses, triangle(g, groups)))}
	if group != nil {
		v.group = s.image(group)
	}
	v, logSlope := p.finer(scope, v, context)
	return s.events(v.share), ReduceSum(s.events(logSlope), -1)
}

// grays are the numbers of pictures.
type grays struct {
	share *Node // of the histogram below the number, [B, Height, Width, C]
	group *Node // of its bin, [B, Height, Width, C]; nil while it is not drawn

	mass, below *Node // of the groups of each histogram by itself, [1, Height, Width, C, groups]
}

// channels returns those from start to end.
func (v grays) channels(start, end int) grays {
	part := func(of *Node) *Node {
		if of == nil {
			return nil
		}
		return Slice(of, AxisRange(), AxisRange(), AxisRange(), AxisRange(start, end))
	}
	return grays{part(v.share), part(v.group), part(v.mass), part(v.below)}
}

// finer moves pictures, from the coarsest on, and returns them with their groups and the
// logarithms of the slopes on the way to the latents.
func (p *HistogramPyramid) finer(scope *model.Scope, v grays, context *Node) (moved grays, logSlope *Node) {
	height, width, c := v.share.Shape().Dim(1), v.share.Shape().Dim(2), v.share.Shape().Dim(3)
	drawing, done := v.group == nil, 0
	if height > 1 || width > 1 {
		v.share, v.mass, v.below = corners(v.share, 0), corners(v.mass, 1), corners(v.below, 1)
		if !drawing {
			v.group = corners(v.group, 0)
		}
		moved, logSlope = p.finer(scope.At("coarser"), v.channels(0, c), context)
		done = c
	}
	for k := done; k < v.share.Shape().Dim(3); k++ {
		next, by := v.channels(k, k+1), (*Node)(nil)
		if corner := k / c; corner >= 2 && height == 1 || corner%2 == 1 && width == 1 { // nothing is there
			next.group, by = ZerosLike(next.share), ZerosLike(next.share)
		} else {
			before := moved.group
			if !drawing && k > 0 {
				before = v.channels(0, k).group // the same, but nothing waits for it
			}
			next, by = p.regroup(next, p.raw(scope.At("channel_%d", k), next, before, context, drawing))
		}
		if k > 0 {
			join := func(a, b *Node) *Node { return Concatenate([]*Node{a, b}, 3) }
			next.share, next.group, by = join(moved.share, next.share), join(moved.group, next.group), join(logSlope, by)
		}
		moved, logSlope = grays{share: next.share, group: next.group}, by
	}
	if done > 0 {
		moved.share, moved.group, logSlope = uncorners(moved.share, height, width), uncorners(moved.group, height, width), uncorners(logSlope, height, width)
	}
	return moved, logSlope
}

// raw returns the logarithms of factors, [B, Height, Width, groups], by the groups before, nil for
// none; nil where nothing is known.
func (p *HistogramPyramid) raw(scope *model.Scope, next grays, before, context *Node, drawing bool) *Node {
	switch {
	case before != nil:
		return p.net.raw(scope, p.seen(scope, before), context, p.groups(), drawing)
	case context != nil:
		return p.net.raw(scope, OnesLike(next.share), context, p.groups(), drawing)
	}
	return nil
}

// seen is what a network sees of groups: the sum of trained vectors, one for each group of each channel.
func (p *HistogramPyramid) seen(scope *model.Scope, group *Node) *Node {
	d := group.Shape().Dimensions
	oneHot := ConvertDType(Equal(InsertAxes(group, -1), p.places(group)), group.DType())
	oneHot = StopGradient(Reshape(oneHot, d[0], d[1], d[2], d[3]*p.groups()))
	return conv(scope.At("seen"), oneHot, 1, p.net.Width, likeTorch, asProduct)
}

// places are the numbers of the groups, [1, 1, 1, 1, groups].
func (p *HistogramPyramid) places(like *Node) *Node {
	return Iota(like.Graph(), shapes.Make(like.DType(), 1, 1, 1, 1, p.groups()), 4)
}

// regroup moves one channel, [B, Height, Width, 1], by factors exp(raw) of the masses of its
// groups, [B, Height, Width, groups]; nil leaves them.
func (p *HistogramPyramid) regroup(v grays, raw *Node) (moved grays, logSlope *Node) {
	dtype := v.share.DType()
	inside := LogicalAnd(GreaterOrEqual(v.share, ZerosLike(v.share)), LessOrEqual(v.share, OnesLike(v.share)))
	at := Where(inside, v.share, ZerosLike(v.share))
	masses := v.mass
	if raw != nil {
		masses = Softmax(Add(Log(v.mass), InsertAxes(ConvertDType(raw, dtype), 3)), -1)
		masses = Add(MulScalar(masses, 1-leastShare), MulScalar(v.mass, leastShare))
	}
	drawing := v.group == nil
	if drawing {
		upTo := ConvertDType(UpperTriangular(at.Graph(), p.groups()), dtype)
		ends := Reshape(MatMul(Reshape(masses, -1, p.groups()), upTo), masses.Shape().Dimensions...)
		inner := Slice(ends, AxisRange().Spacer(), AxisRange(0, p.groups()-1))
		v.group = ReduceSum(ConvertDType(GreaterOrEqual(InsertAxes(at, -1), inner), dtype), -1)
	}
	sum := func(of, where *Node) *Node { return ReduceSum(Mul(of, ConvertDType(where, dtype)), -1) }
	group := InsertAxes(v.group, -1)
	here := Equal(p.places(at), group)
	mass, below, newMass, newBelow := sum(v.mass, here), sum(v.below, here), sum(masses, here), sum(masses, LessThan(p.places(at), group))
	linear := func(below, mass, newBelow, newMass *Node, margin float64) *Node {
		place := ClipScalar(Div(Sub(at, below), mass), margin, 1-margin)
		return MinScalar(Add(newBelow, Mul(newMass, place)), 1) // rounded, it may be more
	}
	var to *Node
	if drawing {
		to = linear(newBelow, newMass, below, mass, 0)
	} else {
		// Rounded into another group on its way back, a number would change all that follow.
		to = linear(below, mass, newBelow, newMass, cellMargin(dtype))
	}
	logSlope = Log(Div(newMass, mass))
	return grays{share: Where(inside, to, v.share), group: v.group}, Where(inside, logSlope, ZerosLike(logSlope))
}
