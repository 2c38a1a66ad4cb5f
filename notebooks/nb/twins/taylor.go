package twins

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"normflow/flowlib/byhand"
	"normflow/flowlib/figure"
	"normflow/internal/numbers"
)

// Taylor holds the remainders of a loss L along a random direction d of length 1 from the
// weights w, at steps H, each half of the one before. In nats.
type Taylor struct {
	H        []float64
	Constant []float64 // |L(w+hd) - L(w)|, which falls as h
	Tangent  []float64 // |L(w+hd) - L(w) - h·∂L/∂w·d|, which falls as h²
	Mistaken []float64 // the same with the sign of one derivative wrong, which falls as h
}

// Taylor computes them for steps from 1/16 down to 2⁻²⁰.
func (t Twins) Taylor() Taylor {
	x := slices.Concat(t.X...)
	nll, gradient := byhand.NewBackprop(t.ByHand).Gradient(x)
	g := slices.Concat(gradient.Params()...)
	direction := unit(rand.New(rand.NewPCG(2, 0)), len(g))
	slope, sizes := 0.0, make([]float64, len(g))
	for i := range g {
		slope += g[i] * direction[i]
		sizes[i] = math.Abs(g[i] * direction[i])
	}
	slices.Sort(sizes)
	mistaken := slope - 2*sizes[max(0, len(sizes)-100)] // the hundredth largest

	var out Taylor
	moved := t.ByHand.Clone()
	from, to := t.ByHand.Params(), moved.Params()
	backprop := byhand.NewBackprop(moved)
	for k := 4; k <= 20; k++ {
		h, at := math.Pow(2, float64(-k)), 0
		for i, values := range to {
			for j := range values {
				values[j] = from[i][j] + h*direction[at]
				at++
			}
		}
		there, _ := backprop.Gradient(x)
		out.H = append(out.H, h)
		out.Constant = append(out.Constant, math.Abs(there-nll))
		out.Tangent = append(out.Tangent, math.Abs(there-nll-h*slope))
		out.Mistaken = append(out.Mistaken, math.Abs(there-nll-h*mistaken))
	}
	return out
}

// unit draws a direction of length 1.
func unit(rng *rand.Rand, n int) []float64 {
	d, squares := make([]float64, n), 0.0
	for i := range d {
		d[i] = rng.NormFloat64()
		squares += d[i] * d[i]
	}
	for i := range d {
		d[i] /= math.Sqrt(squares)
	}
	return d
}

// Ratios returns the medians of what halving h divides each remainder by, over steps of
// 2⁻¹⁴ to 2⁻¹⁸: shorter than the way to the next kink of a ReLU, and long enough that the
// remainder exceeds rounding.
func (t Taylor) Ratios() (constant, tangent, mistaken float64) {
	of := func(remainder []float64) float64 {
		var ratios []float64
		for i := 1; i < len(t.H); i++ {
			if t.H[i-1] <= math.Pow(2, -14) && t.H[i] >= math.Pow(2, -18) {
				ratios = append(ratios, remainder[i-1]/remainder[i])
			}
		}
		return numbers.Median(ratios)
	}
	return of(t.Constant), of(t.Tangent), of(t.Mistaken)
}

// String describes the ratios in words.
func (t Taylor) String() string {
	constant, tangent, mistaken := t.Ratios()
	return fmt.Sprintf("halving h divides what is left by\n%.3f without the gradient\n%.3f with the gradient\n%.3f with one sign of it wrong", constant, tangent, mistaken)
}

// Summary returns the remainders for the report.
func (t Taylor) Summary() map[string]float64 {
	_, tangent, _ := t.Ratios()
	return map[string]float64{"ratio": tangent}
}

// Chart draws the remainders, except those that rounding makes 0.
func (t Taylor) Chart() figure.Chart {
	line := func(name string, remainder []float64) figure.Line {
		line := figure.Line{Name: name}
		for i, r := range remainder {
			if !(r <= 0) { // NaN stays, and the figure refuses it
				line.XY = append(line.XY, []float64{t.H[i], r})
			}
		}
		return line
	}
	return figure.Chart{Name: "what is left of the loss", X: "step h", Y: "remainder (nats)", LogX: true, LogY: true, Lines: []figure.Line{
		line("without the gradient", t.Constant),
		line("with the gradient", t.Tangent),
		line("one sign of it wrong", t.Mistaken),
	}}
}
