package kernel

import (
	"fmt"
	"math"
)

// Spline is the curve of a spline coupling with its working memory for one moving feature
// of a block of events. Rational-quadratic pieces run through Bins+1 knots in [-Bound,
// Bound]²; outside it is the identity. See Spline in flowlib/bijector for the formulas,
// whose names are used here.
//
// SplineInverse and SplineForward fill the fields after Stride, and SplineBackward reads
// them. Each row holds a number for each of [Block] events.
type Spline struct {
	Bins   int
	Bound  float32
	Stride int // between one parameter of the feature and the next, in float32s

	widths, heights           []float32 // [Bins, Block]: parts of one, minus the least
	offset, corner            []float32 // the event's distance into its bin, and the bin's start on the other axis
	width, height             []float32 // of the bin
	rawLeft, rawRight         []float32 // raw slopes at its knots
	index                     []float32 // its number
	xi, slopeLeft, slopeRight []float32 // position in the bin, and the slopes
	gradient                  [7][]float32
}

// unit is 1 in the fixed point in which positions are added up: in float32 the sum of the
// widths before a bin would have a larger error than the event itself, which matters in a
// narrow bin.
const unit = 1 << 30

// MinimumShare is the least share of a bin's width and height, and the least slope.
const MinimumShare = 1e-3

// slopeOffset makes the slope of a raw 0 equal to 1.
var slopeOffset = float32(math.Log(math.Expm1(1 - MinimumShare)))

// NewSpline returns a curve with room for a block. It panics on fewer than 2 bins.
func NewSpline(bins int, bound float32, stride int) *Spline {
	if bins < 2 || !(bound > 0) || stride < Block {
		panic(fmt.Sprintf("kernel: a spline of %d bins in ±%g, parameters %d apart: expected at least 2, a positive bound, and %d", bins, bound, stride, Block))
	}
	p := &Spline{Bins: bins, Bound: bound, Stride: stride}
	all := make([]float32, (2*bins+10+len(p.gradient))*Block)
	take := func(n int) []float32 {
		part := all[: n*Block : n*Block]
		all = all[n*Block:]
		return part
	}
	p.widths, p.heights = take(bins), take(bins)
	for _, row := range []*[]float32{&p.offset, &p.corner, &p.width, &p.height, &p.rawLeft, &p.rawRight, &p.index, &p.xi, &p.slopeLeft, &p.slopeRight} {
		*row = take(1)
	}
	for i := range p.gradient {
		p.gradient[i] = take(1)
	}
	return p
}

func (p *Spline) check(raw []float32, rows ...[]float32) {
	_ = raw[(3*p.Bins-2)*p.Stride+Block-1]
	for _, row := range rows {
		_ = row[Block-1]
	}
}

// SplineInverse sets out to z = g(x) of v, and adds log g'(x) to logDet. Both may be in
// place. raw are the 3·Bins-1 parameters, each a row of events, Stride apart.
func (s *Set) SplineInverse(p *Spline, out, logDet, v, raw []float32) {
	p.check(raw, out, logDet, v)
	s.splineBins(p, v, raw, false)
	if s.vector != nil {
		s.vector.splineInverse(&out[0], &logDet[0], &v[0], &p.offset[0], &p.xi[0], Block, p.Bound, slopeOffset)
		return
	}
	for i, x := range v[:Block] {
		c := p.piece(i)
		xi := p.offset[i] / p.width[i]
		p.xi[i] = xi
		if !(abs(x) <= p.Bound) {
			out[i] = x
			continue
		}
		_, rise, logSlope := c.at(xi)
		out[i] = p.corner[i] + p.height[i]*rise
		logDet[i] += logSlope
	}
}

// SplineForward sets out to x = g⁻¹(z) of v, and subtracts log g'(x) from logDet. Both
// may be in place.
func (s *Set) SplineForward(p *Spline, out, logDet, v, raw []float32) {
	p.check(raw, out, logDet, v)
	s.splineBins(p, v, raw, true)
	if s.vector != nil {
		s.vector.splineForward(&out[0], &logDet[0], &v[0], &p.offset[0], &p.xi[0], Block, p.Bound, slopeOffset)
		return
	}
	for i, z := range v[:Block] {
		c := p.piece(i)
		up := p.offset[i] / p.height[i]
		bend := c.left + c.right - 2*c.slope
		minusB := up*bend - c.left
		discriminant := minusB*minusB + 4*(c.slope-c.left+up*bend)*c.slope*up
		xi := -2 * c.slope * up / (minusB - float32(math.Sqrt(float64(max(discriminant, 0)))))
		p.xi[i] = xi
		if !(abs(z) <= p.Bound) {
			out[i] = z
			continue
		}
		_, _, logSlope := c.at(xi)
		out[i] = p.corner[i] + p.width[i]*xi
		logDet[i] -= logSlope
	}
}

// splineBins finds the piece of each event by its position on the x axis, or on the y
// axis (root).
func (s *Set) splineBins(p *Spline, v, raw []float32, root bool) {
	whole := 1 - MinimumShare*float32(p.Bins)
	s.Softmax(p.widths, raw, p.Bins, p.Stride, whole)
	s.Softmax(p.heights, raw[p.Bins*p.Stride:], p.Bins, p.Stride, whole)
	if s.vector != nil {
		pick := s.vector.splinePickX
		if root {
			pick = s.vector.splinePickY
		}
		pick(&p.offset[0], &v[0], &p.widths[0], &p.heights[0], &raw[2*p.Bins*p.Stride], Block, p.Bins, 4*p.Stride, p.Bound)
		return
	}
	slopes := raw[2*p.Bins*p.Stride:]
	for i, x := range v[:Block] {
		place := fixed(x/(2*p.Bound)) + unit/2 // x + Bound would lose digits
		var left, bottom int32
		for k := range p.Bins {
			width, height := p.widths[k*Block+i]+MinimumShare, p.heights[k*Block+i]+MinimumShare
			start, other := left, bottom
			if root {
				start, other = bottom, left
			}
			if k == 0 || place >= start {
				p.offset[i] = 2 * p.Bound / unit * float32(place-start)
				p.corner[i] = 2 * p.Bound / unit * float32(other-unit/2)
				p.width[i], p.height[i] = 2*p.Bound*width, 2*p.Bound*height
				p.index[i], p.rawLeft[i], p.rawRight[i] = float32(k), 0, 0
				if k > 0 {
					p.rawLeft[i] = slopes[(k-1)*p.Stride+i]
				}
				if k < p.Bins-1 {
					p.rawRight[i] = slopes[k*p.Stride+i]
				}
			}
			left, bottom = left+fixed(width), bottom+fixed(height)
		}
	}
}

// fixed converts v to fixed point, rounded to nearest.
func fixed(v float32) int32 { return int32(math.RoundToEven(float64(v) * unit)) }

// piece is the shape of a bin: its slope, height / width, and the slopes at its knots.
type piece struct{ slope, left, right float32 }

func (p *Spline) piece(i int) piece {
	c := piece{p.height[i] / p.width[i], slopeOf(p.rawLeft[i]), slopeOf(p.rawRight[i])}
	p.slopeLeft[i], p.slopeRight[i] = c.left, c.right
	return c
}

func slopeOf(raw float32) float32 {
	r := float64(raw + slopeOffset)
	return float32(max(r, 0) + math.Log1p(math.Exp(-math.Abs(r))) + MinimumShare)
}

// at returns ξ(1-ξ), the rise divided by the height, and log g' at ξ.
func (c piece) at(xi float32) (mixed, rise, logSlope float32) {
	rest := 1 - xi
	mixed = xi * rest
	below := c.slope + (c.left+c.right-2*c.slope)*mixed
	above := c.right*xi*xi + 2*c.slope*mixed + c.left*rest*rest
	ratio := c.slope / below
	return mixed, (c.slope*xi*xi + c.left*mixed) / below, float32(math.Log(float64(ratio * ratio * above)))
}

func abs(v float32) float32 { return max(v, -v) }

// SplineBackward is the backward pass of [Set.SplineInverse] for a loss L with the term
// -weight·log g' in addition to what depends on its result z: it turns d = dL/dz into
// dL/dx and sets draw, laid out like raw, to dL/draw.
//
// With ρ = (s·ξ² + δ·ξ(1-ξ))/β, β = s + (δ+δ'-2s)·ξ(1-ξ) and the numerator α of g', z = y
// + h·ρ and log g' = 2·log s + log α - 2·log β, whose derivatives by ξ, s and the slopes
// δ, δ' at the knots are those of quotients; ξ = (x - left)/width and s = h/width lead to
// the bin's corner and size, these to the parts of one up to the bin, and a softmax's
// derivative p·(d - Σ p·d) to the raw numbers.
func (s *Set) SplineBackward(p *Spline, draw, d, v, weight []float32) {
	p.check(draw, d, v, weight)
	if s.vector != nil {
		s.vector.splineBackward(&d[0], &v[0], &weight[0], &p.offset[0], &p.xi[0], &p.gradient[0][0], Block, p.Bound, slopeOffset)
		whole := 1 - MinimumShare*float32(p.Bins)
		s.vector.softmaxBackward(&draw[0], &p.widths[0], &p.index[0], &p.gradient[0][0], Block, p.Bins, 4*p.Stride, 2*p.Bound, 1/whole)
		s.vector.softmaxBackward(&draw[p.Bins*p.Stride], &p.heights[0], &p.index[0], &p.gradient[2][0], Block, p.Bins, 4*p.Stride, 2*p.Bound, 1/whole)
		s.vector.splineScatter(&draw[2*p.Bins*p.Stride], &p.index[0], &p.gradient[4][0], Block, p.Bins-1, 4*p.Stride)
		return
	}
	for i, dz := range d[:Block] {
		p.gradientOf(i, dz, v[i], weight[i])
		if abs(v[i]) <= p.Bound {
			d[i] = p.gradient[6][i]
		}
	}
	p.softmaxBackward(draw, p.widths, p.gradient[0], p.gradient[1])
	p.softmaxBackward(draw[p.Bins*p.Stride:], p.heights, p.gradient[2], p.gradient[3])
	slopes := draw[2*p.Bins*p.Stride:]
	for i, at := range p.index {
		for k := range p.Bins - 1 {
			slopes[k*p.Stride+i] = 0
			switch k {
			case int(at) - 1:
				slopes[k*p.Stride+i] = p.gradient[4][i]
			case int(at):
				slopes[k*p.Stride+i] = p.gradient[5][i]
			}
		}
	}
}

// gradientOf sets the rows of the gradient: of left, width, bottom, height, the raw
// slopes and x.
func (p *Spline) gradientOf(i int, dz, x, weight float32) {
	if !(abs(x) <= p.Bound) {
		for k := range p.gradient {
			p.gradient[k][i] = 0
		}
		return
	}
	xi, width, height := p.xi[i], p.width[i], p.height[i]
	slope, left, right := height/width, p.slopeLeft[i], p.slopeRight[i]
	rest := 1 - xi
	mixed, tilt := xi*rest, 1-2*xi
	bend := left + right - 2*slope
	below := slope + bend*mixed
	above := right*xi*xi + 2*slope*mixed + left*rest*rest
	inverse, invAbove := 1/below, 1/above
	rho := (slope*xi*xi + left*mixed) * inverse
	ofRho, ofLog := dz*height*inverse, -weight // dL/dρ divided by β, dL/dlog g'
	dXi := ofRho*slope*above*inverse + ofLog*(2*(right*xi+slope*tilt-left*rest)*invAbove-2*bend*tilt*inverse)
	dSlope := ofRho*(xi*xi-rho*(1-2*mixed)) + ofLog*(2/slope+2*mixed*invAbove-2*(1-2*mixed)*inverse)
	both := -ofRho*rho*mixed - 2*ofLog*mixed*inverse
	dLeft := both + ofRho*mixed + ofLog*rest*rest*invAbove
	dRight := both + ofLog*xi*xi*invAbove
	g := &p.gradient
	dx := dXi / width
	g[6][i] = dx
	g[0][i] = -dx
	g[1][i] = -dx*xi - dSlope*slope/width
	g[2][i] = dz
	g[3][i] = dz*rho + dSlope/width
	g[4][i] = dLeft * sigmoid(p.rawLeft[i]+slopeOffset)
	g[5][i] = dRight * sigmoid(p.rawRight[i]+slopeOffset)
}

func sigmoid(v float32) float32 { return float32(1 / (1 + math.Exp(-float64(v)))) }

// softmaxBackward sets draw from the gradients by the start of a bin and by its size.
func (p *Spline) softmaxBackward(draw, parts, start, size []float32) {
	whole := 1 - MinimumShare*float32(p.Bins)
	for i, at := range p.index {
		var sum float32
		for k := range p.Bins {
			switch {
			case k < int(at):
				sum += parts[k*Block+i] * start[i]
			case k == int(at):
				sum += parts[k*Block+i] * size[i]
			}
		}
		for k := range p.Bins {
			var of float32
			switch {
			case k < int(at):
				of = start[i]
			case k == int(at):
				of = size[i]
			}
			draw[k*p.Stride+i] = 2 * p.Bound * parts[k*Block+i] * (of - sum/whole)
		}
	}
}
