package onnx

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/ml/layers/activation"
)

// network computes a conditioner in the precision of its weights.
func (p part) network(h value) value {
	switch p.name() {
	case "mlp":
		var form struct {
			Activation string
			Hidden     []int
		}
		p.open(&form)
		for i := range form.Hidden {
			h = p.activate(form.Activation, p.dense(h, fmt.Sprintf("hidden_%d", i)))
		}
		return p.dense(h, "out")
	case "residual_mlp":
		var form struct {
			Activation    string
			Width, Blocks int
		}
		p.open(&form)
		h = p.dense(h, "in")
		for i := range form.Blocks {
			block := fmt.Sprintf("block_%d/hidden_", i)
			r := p.dense(p.activate(form.Activation, h), block+"0")
			h = p.add(h, p.dense(p.activate(form.Activation, r), block+"1"))
		}
		return p.dense(h, "out")
	}
	p.unknown()
	return h
}

// dense returns h·W + b.
func (p part) dense(h value, name string) value {
	w, b := p.weight(name+"/weights"), p.weight(name+"/biases")
	return p.op("Gemm", h.kind, []value{h, p.floats(h.kind, w.Values, w.Shape...), p.floats(h.kind, b.Values, b.Shape...)})
}

// activate applies the activation of that name to h, [N, width], as GoMLX defines it.
func (p part) activate(name string, h value) value {
	switch name {
	case "none":
		return h
	case "relu":
		return p.of("Relu", h)
	case "leaky_relu":
		return p.max(h, p.mulN(h, 0.3))
	case "tanh":
		return p.of("Tanh", h)
	case "sigmoid":
		return p.of("Sigmoid", h)
	case "hard_sigmoid":
		return p.clip(p.addN(p.mulN(h, 0.2), 0.5), 0, 1)
	case "silu", "swish":
		return p.mul(h, p.of("Sigmoid", h))
	case "hard_swish":
		return p.mul(h, p.clip(p.addN(p.mulN(h, 1./6), 0.5), 0, 1))
	case "selu":
		curved := p.mulN(p.addN(p.of("Exp", p.minN(h, 0)), -1), activation.SeluAlpha)
		return p.mulN(p.where(p.compareN("Greater", h, 0), h, curved), activation.SeluScale)
	case "gelu":
		return p.gelu(h)
	case "gelu_approx":
		cubic := p.add(h, p.mulN(p.mul(h, p.square(h)), 0.044715))
		return p.mul(h, p.mulN(p.addN(p.of("Tanh", p.mulN(cubic, math.Sqrt(2/math.Pi))), 1), 0.5))
	}
	refuse("%s.%s: there is no activation %s in ONNX files", p.place, p.name(), name)
	return h
}

// gelu returns h·Φ(h). Runtimes have Erf in float32 only.
func (p part) gelu(h value) value {
	if h.kind == float32s {
		return p.mul(h, p.mulN(p.addN(p.of("Erf", p.divN(h, math.Sqrt2)), 1), 0.5))
	}
	below := p.share(h) // Φ(-|h|)
	return p.mul(h, p.where(p.compareN("Less", h, 0), below, p.subFrom(1, below)))
}
