package imagelayer

import (
	"math"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/backend"
	"normflow/flowlib/bijector"
)

// Net is the network of a [Coupling], a small residual convolutional network: a 3×3
// convolution to Width channels; Blocks times a ReLU, a 3×3 convolution, a ReLU and a
// 1×1 convolution, added to what entered; and a ReLU and a 1×1 convolution that starts at
// zero, so that a new coupling is the identity. Beyond its edges an image is 0.
//
// Two numbers per channel tell the network more than its neighbors do: a bias for each
// place of the image, since pictures are often centered, and a linear map of the context,
// if there is one, the same at every place.
type Net struct {
	Width  int `json:"width"`
	Blocks int `json:"blocks"`
}

func (n Net) check() {
	const most = 1 << 12
	if n.Width < 1 || n.Width > most || n.Blocks < 0 || n.Blocks > 1<<8 {
		exceptions.Panicf("imagelayer: a network of %d blocks of %d channels, expected at most 256 of 1 to %d", n.Blocks, n.Width, most)
	}
}

// raw returns [B, Height, Width, outputs] for images, [B, Height, Width, C], and a
// context, [B, K], or nil, in the precision of the variables. Drawing needs no gradients.
func (n Net) raw(scope *model.Scope, v, context *Node, outputs int, drawing bool) *Node {
	convolve := asProduct
	if name := backend.Name(v.Graph().Backend()); name == "xla:cuda" || drawing && name != "go" {
		convolve = asXLA
	}
	conv := func(scope *model.Scope, v *Node, size, outputs int, limit float64) *Node {
		return conv(scope, v, size, outputs, limit, convolve)
	}
	h := conv(scope.At("in"), v, 3, n.Width, likeTorch)
	place := h.Shape().Clone()
	place.Dimensions[0] = 1
	h = Add(h, bijector.Variable(scope, "place", initializer.Zero, place).NodeValue(v.Graph()))
	if context != nil {
		k := context.Shape().Dim(-1)
		row := conv(scope.At("context"), Reshape(context, -1, 1, 1, k), 1, n.Width, likeTorch)
		h = Add(h, row)
	}
	for i := range n.Blocks {
		block := scope.At("block_%d", i)
		r := conv(block.At("hidden_0"), activation.Relu(h), 3, n.Width, likeTorch)
		r = conv(block.At("hidden_1"), activation.Relu(r), 1, n.Width, residualLimit)
		h = Add(h, r)
	}
	return conv(scope.At("out"), activation.Relu(h), 1, outputs, startsAtZero)
}

// Initial weights of conv are within ±limit, or within ±1/√inputs as PyTorch's are.
const (
	startsAtZero  = 0.0
	likeTorch     = -1.0
	residualLimit = 1e-3
)

// conv is a convolution with a window of size×size pixels and a bias: variables
// "weights", [size, size, inputs, outputs], and "biases", [outputs], in their precision.
func conv(scope *model.Scope, v *Node, size, outputs int, limit float64, convolve func(v, weights *Node) *Node) *Node {
	inputs := v.Shape().Dim(-1)
	if limit == likeTorch {
		limit = 1 / math.Sqrt(float64(size*size*inputs))
	}
	node := func(name string, dims ...int) *Node {
		initial := initializer.Zero
		if limit > 0 {
			initial = bijector.Uniform(scope, name, limit)
		}
		return bijector.Variable(scope, name, initial, shapes.Make(v.DType(), dims...)).NodeValue(v.Graph())
	}
	weights, biases := node("weights", size, size, inputs, outputs), node("biases", outputs)
	v = ConvertDType(v, weights.DType())
	return Add(convolve(v, weights), Reshape(biases, 1, 1, 1, outputs))
}
