package onnx

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"normflow/internal/names"
)

// bijector maps v, [N, D], forward or back, and returns log|det| of that step: [N], or
// one number for all rows. The formulas are those of package bijector.
func (p part) bijector(v, context value, forward bool) (out, logDet value) {
	switch p.name() {
	case "coupling":
		return p.coupling(v, context, forward)
	case "actnorm":
		return p.actNorm(v, forward)
	case "lu":
		return p.lu(v, forward)
	case "permutation":
		return p.permutation(v, forward), p.like(v, 0)
	case "elementwise":
		return p.elementwise(v, forward)
	case "logit":
		return p.logit(v, forward)
	case "chain":
		return p.many(v, context, forward)
	case "invert":
		var of tree
		p.open(&of)
		return p.within(of, "", "").bijector(v, context, !forward)
	}
	p.unknown()
	return
}

func (p part) many(v, context value, forward bool) (out, logDet value) {
	var trees []tree
	p.open(&trees)
	var parts []part
	for i, t := range trees {
		parts = append(parts, p.within(t, fmt.Sprintf("[%d]", i), fmt.Sprintf(names.Place, i)))
	}
	if !forward {
		slices.Reverse(parts)
	}
	out, logDet = v, p.like(v, 0)
	for _, p := range parts {
		var one value
		out, one = p.bijector(out, context, forward)
		logDet = p.add(logDet, one)
	}
	return out, logDet
}

func (p part) actNorm(v value, forward bool) (out, logDet value) {
	logScale, shift := p.weight("log_scale").Values, p.row("shift")
	sum, scale := 0.0, make([]float64, len(logScale))
	for i, s := range logScale {
		sum += s
		scale[i] = math.Exp(s)
	}
	if forward {
		return p.add(p.mul(v, p.graph.row(scale)), shift), p.like(v, sum)
	}
	return p.div(p.sub(v, shift), p.graph.row(scale)), p.like(v, -sum)
}

// lu multiplies P·L·(U + diag), or inverts it, at the time the file is written.
func (p part) lu(v value, forward bool) (out, logDet value) {
	sign := p.weight("sign").Values
	d := len(sign)
	packed := mat.NewDense(d, d, p.weight("lu").Values)
	lower, upper := identity(d), mat.NewDense(d, d, nil)
	sum := 0.0
	for i := range d {
		for j := range d {
			switch l := packed.At(i, j); {
			case i > j:
				lower.Set(i, j, l)
			case i < j:
				upper.Set(i, j, l)
			default:
				upper.Set(i, j, sign[i]*math.Exp(l))
				sum += l
			}
		}
	}
	var w mat.Dense
	w.Product(mat.NewDense(d, d, p.weight("permutation").Values), lower, upper)
	if !forward {
		return p.product(v, &w), p.like(v, sum)
	}
	return p.product(v, inverted(&w)), p.like(v, -sum)
}

func (p part) permutation(v value, forward bool) value {
	var indices []int
	p.open(&indices)
	if forward {
		return p.columns(v, indices)
	}
	inverse := make([]int, len(indices))
	for i, j := range indices {
		inverse[j] = i
	}
	return p.columns(v, inverse)
}

func (p part) elementwise(v value, forward bool) (out, logDet value) {
	var form struct{ Shift, Scale []float64 }
	p.open(&form)
	sum := 0.0
	for _, s := range form.Scale {
		sum += math.Log(s)
	}
	shift, scale := p.graph.row(form.Shift), p.graph.row(form.Scale)
	if forward {
		return p.add(shift, p.mul(scale, v)), p.like(v, sum)
	}
	return p.div(p.sub(v, shift), scale), p.like(v, -sum)
}

func (p part) logit(v value, forward bool) (out, logDet value) {
	var form struct {
		Lo, Hi []float64
		Margin float64
	}
	p.open(&form)
	var lowers, uppers, widths, firsts, lasts []float64
	logWidths := 0.0
	for d := range form.Lo {
		width := (form.Hi[d] - form.Lo[d]) / (1 - 2*form.Margin)
		lower, upper := form.Lo[d]-form.Margin*width, form.Hi[d]+form.Margin*width
		lowers, uppers, widths = append(lowers, lower), append(uppers, upper), append(widths, width)
		const least = 1e-300 // a smaller distance is lost where the runtime flushes denormal numbers
		firsts = append(firsts, max(math.Nextafter(lower, upper), lower+least*width))
		lasts = append(lasts, min(math.Nextafter(upper, lower), upper-least*width))
		logWidths += math.Log(width)
	}
	lower, upper := p.graph.row(lowers), p.graph.row(uppers)
	inside := func(x value) value { return p.min(p.max(x, p.graph.row(firsts)), p.graph.row(lasts)) }
	if forward {
		far := p.of("Neg", p.of("Abs", v))
		logDeriv := p.sub(far, p.mulN(p.of("Log", p.addN(p.of("Exp", far), 1)), 2))
		x := inside(p.add(lower, p.mul(p.graph.row(widths), p.of("Sigmoid", v))))
		return x, p.addN(p.sum(logDeriv, 1), logWidths)
	}
	covered := p.op("And", bools, []value{p.compare("GreaterOrEqual", v, lower), p.compare("LessOrEqual", v, upper)})
	x := inside(v)
	toLower, toUpper := p.of("Log", p.sub(x, lower)), p.of("Log", p.sub(upper, x))
	logDet = p.addN(p.of("Neg", p.sum(p.add(toLower, toUpper), 1)), logWidths)
	return p.sub(toLower, toUpper), p.whereN(p.all(covered), logDet, math.Inf(-1))
}
