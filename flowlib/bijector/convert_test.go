package bijector_test

import (
	"fmt"
	"maps"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
)

const leastShare = 1e-3 // of a bin, and the least slope of a knot, in our splines

var (
	slopeAtZero = math.Log(math.Expm1(1 - leastShare)) // our splines add it to a raw slope
	zukoMax     = math.Log(1e4)                        // zuko's bound on a log-scale
)

func tanh(widths ...int) bijector.Conditioner { return bijector.MLP(activation.TypeTanh, widths...) }
func relu(widths ...int) bijector.Conditioner { return bijector.MLP(activation.TypeRelu, widths...) }

// coupling is the layer i of a fixture; nothing is cut off, as nowhere else.
func coupling(f fixture, i int, network bijector.Conditioner, transform bijector.Transform) *bijector.Coupling {
	return bijector.NewCoupling(f.mask(i), network, transform).InputBound(1e6)
}

type conditionerFunc func(scope *model.Scope, h *Node, outputs int) *Node

func (f conditionerFunc) Raw(scope *model.Scope, h *Node, outputs int) *Node {
	return f(scope, h, outputs)
}

// answer lets network answer as the library's does, feature by feature with
// `theirs` numbers for each of the moving ones; convert makes of them,
// [B, theirs, moving], our raw parameters, [B, ours, moving].
func answer(network bijector.Conditioner, moving, theirs int, convert func(raw *Node) *Node) bijector.Conditioner {
	return conditionerFunc(func(scope *model.Scope, h *Node, outputs int) *Node {
		raw := network.Raw(scope, h, theirs*moving)
		batch := raw.Shape().Dim(0)
		ours := convert(TransposeAllAxes(Reshape(raw, batch, moving, theirs), 0, 2, 1))
		return Reshape(ours, batch, outputs)
	})
}

// byParameter is answer for a network that answers parameter by parameter.
func byParameter(network bijector.Conditioner, moving, theirs int, convert func(raw *Node) *Node) bijector.Conditioner {
	return conditionerFunc(func(scope *model.Scope, h *Node, outputs int) *Node {
		raw := network.Raw(scope, h, theirs*moving)
		batch := raw.Shape().Dim(0)
		return Reshape(convert(Reshape(raw, batch, theirs, moving)), batch, outputs)
	})
}

// part is the parameters from to to-1 of raw, [B, P, M].
func part(raw *Node, from, to int) *Node { return Slice(raw, AxisRange(), AxisRange(from, to)) }

// rawShares are our raw parameters of a spline that give bins these shares.
func rawShares(shares *Node) *Node { return Log(AddScalar(shares, -leastShare)) }

// rawSlopes are our raw parameters of a spline that give knots these slopes: the
// softplus undone by log(exp(x)-1). Expm1 has no gradient in GoMLX; no x here is near 0.
func rawSlopes(slopes *Node) *Node {
	return AddScalar(Log(AddScalar(Exp(AddScalar(slopes, -leastShare)), -1)), -slopeAtZero)
}

// linear copies a dense layer, which other libraries keep as [outputs, inputs].
func linear(ours map[string]*Node, at string, w map[string]*Node, layer string) {
	ours[at+"/weights"], ours[at+"/biases"] = Transpose(w[layer+".weight"], 0, 1), w[layer+".bias"]
}

// dense copies the layers of a network to our MLP in the scope at.
func dense(at string, w map[string]*Node, layers ...string) map[string]*Node {
	ours := map[string]*Node{}
	last := len(layers) - 1
	for i, layer := range layers[:last] {
		linear(ours, fmt.Sprintf("%s/hidden_%d", at, i), w, layer)
	}
	linear(ours, at+"/out", w, layers[last])
	return ours
}

func nflowsNetwork(_ fixture, w map[string]*Node) map[string]*Node {
	return dense("conditioner", w, "transform_net.0", "transform_net.2")
}

func zukoNetwork(at string, layer int, w map[string]*Node) map[string]*Node {
	net := fmt.Sprintf("transform.transforms.%d.hyper.", layer)
	return dense(at, w, net+"0", net+"2")
}

// flowjaxChain is couplings and permutations by turns.
func flowjaxChain(f fixture, theirs int, convert func(raw *Node) *Node, direction func(*bijector.Coupling) bijector.Bijector, transform bijector.Transform) bijector.Chain {
	var chain bijector.Chain
	for i := range f.Moves {
		network := answer(tanh(8), len(f.Moves[i]), theirs, convert)
		chain = append(chain, direction(coupling(f, i, network, transform)), bijector.NewPermutation(f.Permutations[i]))
	}
	return chain
}

// flowjaxVariables takes apart what flowjax stacks.
func flowjaxVariables(f fixture, w map[string]*Node) map[string]*Node {
	ours := map[string]*Node{}
	for i := range f.Moves {
		layer := map[string]*Node{}
		for name, stacked := range w {
			layer[name] = Squeeze(Slice(stacked, AxisElem(i)), 0)
		}
		maps.Copy(ours, dense(fmt.Sprintf("%02d/conditioner", 2*i), layer, "layers.0", "layers.1"))
	}
	return ours
}

// place puts the entries, [n], at the places of a vector of zeros, [size].
func place(entries *Node, places []int, size int) *Node {
	matrix := make([][]float64, len(places))
	for i, p := range places {
		matrix[i] = make([]float64, size)
		matrix[i][p] = 1
	}
	row := InsertAxes(entries, 0)
	return Squeeze(MatMul(row, ConvertDType(Const(entries.Graph(), matrix), entries.DType())), 0)
}

// pick takes some rows (axis 0) or columns (axis 1).
func pick(x *Node, axis int, indices []int) *Node {
	var parts []*Node
	for _, i := range indices {
		ranges := make([]SliceAxisSpec, axis+1)
		for a := range axis {
			ranges[a] = AxisRange()
		}
		ranges[axis] = AxisRange(i, i+1)
		parts = append(parts, Slice(x, ranges...))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return Concatenate(parts, axis)
}
