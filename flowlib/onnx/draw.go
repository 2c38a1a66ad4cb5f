package onnx

import "math"

// uniforms returns how many uniform numbers a draw from the base needs besides D normal
// ones.
func (p part) uniforms() int {
	switch p.name() {
	case "mixture":
		return 1
	case "student":
		return 2 * len(p.freedom())
	case "uniform":
		lo, _ := p.box()
		return len(lo)
	}
	return 0
}

// draw turns standard normal numbers, [N, D], and columns of uniform ones, [N, 1] each,
// into latents, [N, D].
func (p part) draw(normal value, uniform []value) value {
	switch p.name() {
	case "normal":
		return normal
	case "diagnormal":
		return p.add(p.row("location"), p.mul(p.graph.row(exps(p.weight("log_scale").Values)), normal))
	case "mixture":
		form, means, stds, logWeights := p.components()
		k := p.choice(uniform[0], exps(logWeights))
		of := func(table []float64) value {
			return p.op("Gather", float64s, []value{p.floats(float64s, table, form.Components, form.Features), k}, "axis", 0)
		}
		return p.add(of(means), p.mul(of(stds), normal))
	case "student":
		return p.polar(uniform)
	case "uniform":
		lo, hi := p.box()
		var width []float64
		for d := range lo {
			width = append(width, hi[d]-lo[d])
		}
		x := p.add(p.graph.row(lo), p.mul(p.graph.row(width), p.concat(1, uniform[:len(lo)]...)))
		return p.min(p.max(x, p.graph.row(lo)), p.graph.row(hi))
	}
	p.unknown()
	return normal
}

// choice returns the index, [N], that a uniform number, [N, 1], picks according to
// weights.
func (g *graph) choice(uniform value, weights []float64) value {
	total, reached := sum(weights), 0.0
	cumulated := make([]float64, len(weights)) // infinite at the end, so that rounding never picks an index too many
	for k, w := range weights {
		reached += w
		cumulated[k] = reached / total
	}
	cumulated[len(weights)-1] = math.Inf(1)
	passed := g.cast(g.compare("GreaterOrEqual", uniform, g.row(cumulated)), int64s)
	return g.sum(passed, 1)
}

// polar turns pairs of uniform numbers into numbers of Student's t, as base.StudentT
// does.
func (p part) polar(uniform []value) value {
	nu := p.freedom()
	var inverse, root []float64
	for _, v := range nu {
		inverse, root = append(inverse, 1/v), append(root, math.Sqrt(v))
	}
	const halfStep, maxLog = 0x1p-65, 700
	u, v := p.concat(1, uniform[:len(nu)]...), p.concat(1, uniform[len(nu):2*len(nu)]...)
	h := p.mul(p.of("Neg", p.of("Log", p.maxN(u, halfStep))), p.graph.row(inverse))
	twice := p.mulN(h, 2)
	near := p.mul(p.nearZero(p.minN(twice, few)), twice)
	rest := p.where(p.compareN("Less", twice, few), near, p.subFrom(1, p.of("Exp", p.of("Neg", twice))))
	radius := p.mul(p.of("Exp", p.minN(h, maxLog)), p.of("Sqrt", rest))
	return p.mul(p.mul(radius, p.of("Cos", p.mulN(v, 2*math.Pi))), p.graph.row(root))
}
