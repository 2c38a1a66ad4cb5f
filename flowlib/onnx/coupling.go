package onnx

import (
	"normflow/flowlib/bijector"
)

func (p part) coupling(v, context value, forward bool) (out, logDet value) {
	var form struct {
		Mask                   string
		Conditioner, Transform tree
		InputBound             float64 `json:"input_bound"`
	}
	p.open(&form)
	var frozen, moving []int
	back := make([]int, len(form.Mask)) // index of each feature in the frozen features followed by the moving ones
	for i, letter := range form.Mask {
		if letter == 'f' {
			frozen = append(frozen, i)
		} else {
			moving = append(moving, i)
		}
	}
	for k, i := range append(frozen[:len(frozen):len(frozen)], moving...) {
		back[i] = k
	}
	var inputs []value
	if len(frozen) > 0 {
		inputs = append(inputs, p.columns(v, frozen))
	}
	if context.name != "" {
		inputs = append(inputs, context)
	}
	h := p.ones(v) // the network's input where there is nothing to condition on
	if len(inputs) > 0 {
		h = p.clip(p.concat(1, inputs...), -form.InputBound, form.InputBound)
	}
	raw := p.within(form.Conditioner, ".conditioner", "conditioner").network(p.cast(h, p.kind))
	parameters := raws{p.graph, p.cast(raw, float64s), len(moving)}
	moved, logDeriv := p.within(form.Transform, ".transform", "").transform(p.columns(v, moving), parameters, forward)
	if len(frozen) > 0 {
		moved = p.columns(p.concat(1, inputs[0], moved), back)
	}
	if logDeriv.name == "" {
		return moved, p.like(v, 0)
	}
	return moved, p.sum(logDeriv, 1)
}

// raws holds the raw parameters of a transform, [N, P·M].
type raws struct {
	*graph
	all    value
	moving int // M
}

// parameter returns one parameter of each moving feature, [N, M].
func (r raws) parameter(k int) value { return r.slice(r.all, 1, k*r.moving, (k+1)*r.moving) }

// stacked returns all parameters, [N, P, M].
func (r raws) stacked(parameters int) value { return r.reshape(r.all, 0, parameters, r.moving) }

// transform moves v, [N, M]. It returns no log-derivative if it keeps volumes.
func (p part) transform(v value, raw raws, forward bool) (out, logDeriv value) {
	switch p.name() {
	case "additive":
		var none struct{}
		p.open(&none)
		if forward {
			return p.add(v, raw.parameter(0)), value{}
		}
		return p.sub(v, raw.parameter(0)), value{}
	case "affine":
		return p.affine(v, raw, forward)
	case "spline":
		return p.spline(v, raw, forward)
	}
	p.unknown()
	return
}

func (p part) affine(v value, raw raws, forward bool) (out, logDeriv value) {
	var form struct {
		Scale       bijector.Scale
		MaxLogScale float64 `json:"max_log_scale"`
	}
	p.open(&form)
	s, shift := raw.parameter(0), raw.parameter(1)
	switch limit := form.MaxLogScale; form.Scale {
	case bijector.ScaleTanh:
		s = p.mulN(p.of("Tanh", p.divN(s, limit)), limit)
	case bijector.ScaleSoftclip:
		s = p.div(s, p.addN(p.divN(p.of("Abs", s), limit), 1))
	case bijector.ScaleExp:
	default:
		refuse("%s.affine.scale: there is no %s in ONNX files", p.place, form.Scale)
	}
	if forward {
		return p.add(p.mul(v, p.of("Exp", s)), shift), s
	}
	back := p.of("Neg", s)
	return p.mul(p.sub(v, shift), p.of("Exp", back)), back
}
