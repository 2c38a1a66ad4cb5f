package bijector

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/nn"
)

// Conditioner builds the network that reads the frozen features (and context,
// already concatenated) and returns the transform's raw parameters.
//
// h is [B, inputs], the result is [B, outputs]. A conditioner need not be
// invertible: its Jacobian never enters the log-determinant.
type Conditioner func(scope *model.Scope, h *Node, outputs int) *Node

// MLP is a conditioner of dense layers of the given widths with activation act
// between them. The last layer starts at zero, so that a new coupling layer is
// the identity. The hidden layers start as PyTorch's Linear does, weights and
// biases uniform on ±1/√inputs: with biases at zero, every kink of a ReLU
// network of one input would start at the origin.
//
// Initial values depend on the seed in [model.ParamInitialSeed] and on the path
// of the variable alone: they are the same on every backend.
func MLP(act activation.Type, widths ...int) Conditioner {
	return func(scope *model.Scope, h *Node, outputs int) *Node {
		for i, width := range widths {
			h = activation.Apply(act, dense(scope.At("hidden_%d", i), h, width, true))
		}
		return dense(scope.At("out"), h, outputs, false)
	}
}

// dense is h·W + b with variables "weights" [inputs, width] and "biases" [width].
func dense(scope *model.Scope, h *Node, width int, random bool) *Node {
	inputs := h.Shape().Dim(-1)
	initial := func(name string) *model.Scope {
		if !random {
			return scope.WithInitializer(initializer.Zero)
		}
		return scope.WithInitializer(uniform(scope, name, 1/math.Sqrt(float64(inputs))))
	}
	weights := initial("weights").VariableWithShape("weights", shapes.Make(h.DType(), inputs, width))
	biases := initial("biases").VariableWithShape("biases", shapes.Make(h.DType(), width))
	return nn.Dense(h, weights.NodeValue(h.Graph()), biases.NodeValue(h.Graph()))
}

// uniform initializes the variable name of scope on ±limit.
func uniform(scope *model.Scope, name string, limit float64) model.VariableInitializer {
	rng := randomOf(scope, name)
	return hostValues(func(size int) []float64 {
		rng := rng()
		values := make([]float64, size)
		for i := range values {
			values[i] = limit * (2*rng.Float64() - 1)
		}
		return values
	})
}

// randomOf starts the random numbers that belong to a name in scope: they depend
// on the seed in [model.ParamInitialSeed] and on the path, and on nothing else.
func randomOf(scope *model.Scope, name string) func() *rand.Rand {
	path := fnv.New64a()
	path.Write([]byte(model.JoinPath(scope.Scope(), name)))
	seed := uint64(model.GetParamOr(scope, model.ParamInitialSeed, int64(0)))
	return func() *rand.Rand { return rand.New(rand.NewPCG(seed, path.Sum64())) }
}

// hostValues initializes a variable with numbers made by values on the host, the
// same on every backend.
func hostValues(values func(size int) []float64) model.VariableInitializer {
	return func(g *Graph, shape shapes.Shape) *Node {
		t := tensors.FromFlatDataAndDimensions(values(shape.Size()), shape.Dimensions...)
		return ConvertDType(ConstTensor(g, t), shape.DType)
	}
}
