package onnx

import (
	"math"
	"slices"

	"normflow/flowlib/base"
)

// mixtureForm is the form of the base mixture.
type mixtureForm struct{ Features, Components int }

// logProb returns the log-density of z, [N, D], under the base: [N].
func (p part) logProb(z value) value {
	switch p.name() {
	case "normal":
		var form struct{ Features int }
		p.open(&form)
		return p.normal(z, form.Features, 0)
	case "diagnormal":
		location, logScale := p.row("location"), p.weight("log_scale").Values
		return p.normal(p.div(p.sub(z, location), p.graph.row(exps(logScale))), len(logScale), -sum(logScale))
	case "mixture":
		return p.mixture(z)
	case "student":
		return p.student(z)
	case "uniform":
		lo, hi := p.box()
		logVolume := 0.0
		for d := range lo {
			logVolume += math.Log(hi[d] - lo[d])
		}
		covered := p.op("And", bools, []value{p.compare("GreaterOrEqual", z, p.graph.row(lo)), p.compare("LessOrEqual", z, p.graph.row(hi))})
		return p.where(p.all(covered), p.like(z, -logVolume), p.like(z, math.Inf(-1)))
	}
	p.unknown()
	return z
}

// normal returns the log-density of u under the unit Gaussian of D features, plus more.
func (g *graph) normal(u value, features int, more float64) value {
	return g.addN(g.mulN(g.sum(g.square(u), 1), -0.5), more-float64(features)*halfLog2Pi)
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

func exps(values []float64) []float64 {
	all := make([]float64, len(values))
	for i, v := range values {
		all[i] = math.Exp(v)
	}
	return all
}

// components returns the means, [K, D], standard deviations, [K, D], and log-weights,
// [K].
func (p part) components() (form mixtureForm, means, stds, logWeights []float64) {
	p.open(&form)
	means, logWeights = p.weight("means").Values, slices.Clone(p.weight("logits").Values)
	for _, raw := range p.weight("log_scales").Values {
		stds = append(stds, math.Exp(base.MaxLogScale*math.Tanh(raw/base.MaxLogScale)))
	}
	most := slices.Max(logWeights)
	total := 0.0
	for _, l := range logWeights {
		total += math.Exp(l - most)
	}
	for k := range logWeights {
		logWeights[k] -= most + math.Log(total)
	}
	return form, means, stds, logWeights
}

func (p part) mixture(z value) value {
	form, means, stds, constants := p.components()
	for i, std := range stds {
		constants[i/form.Features] -= math.Log(std)
	}
	k, d := form.Components, form.Features
	u := p.div(p.sub(p.unsqueeze(z, 1), p.floats(float64s, means, 1, k, d)), p.floats(float64s, stds, 1, k, d))
	terms := p.add(p.mulN(p.graph.sum(p.square(u), 2), -0.5), p.graph.row(constants))
	return p.addN(p.logSumExp(terms), -float64(d)*halfLog2Pi)
}

// freedom returns ν of each feature of the base student.
func (p part) freedom() []float64 {
	var form struct{ Freedom []float64 }
	p.open(&form)
	return form.Freedom
}

// box returns the box of the base uniform.
func (p part) box() (lo, hi []float64) {
	var form struct{ Lo, Hi []float64 }
	p.open(&form)
	return form.Lo, form.Hi
}

func (p part) student(z value) value {
	logNorm := 0.0
	var power, inverseRoot []float64
	for _, nu := range p.freedom() {
		logNorm += logGammaHalfStep(nu/2) - 0.5*math.Log(math.Pi*nu)
		power, inverseRoot = append(power, -(nu+1)/2), append(inverseRoot, 1/math.Sqrt(nu))
	}
	// log(1 + a²) without the square of a large a.
	a := p.of("Abs", p.mul(z, p.graph.row(inverseRoot)))
	big, small := p.maxN(a, 1), p.minN(a, 1)
	log1pSquare := p.add(p.mulN(p.of("Log", big), 2), p.of("Log", p.addN(p.square(p.div(small, big)), 1)))
	return p.addN(p.graph.sum(p.mul(log1pSquare, p.graph.row(power)), 1), logNorm)
}

// logGammaHalfStep returns log Γ(x+½) - log Γ(x), as in package base.
func logGammaHalfStep(x float64) float64 {
	if x > 1000 {
		return 0.5*math.Log(x) - 1/(8*x) + 1/(192*x*x*x)
	}
	above, _ := math.Lgamma(x + 0.5)
	below, _ := math.Lgamma(x)
	return above - below
}
