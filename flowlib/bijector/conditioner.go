package bijector

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/nn"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
	"normflow/internal/show"
)

// Conditioner builds the network that reads the frozen features (and context,
// already concatenated) and returns the transform's raw parameters.
//
// A conditioner need not be invertible: its Jacobian never enters the log-determinant.
type Conditioner interface {
	// Raw returns raw parameters, [B, outputs], for h, [B, inputs]. Its variables
	// live under scope.
	Raw(scope *model.Scope, h *Node, outputs int) *Node
}

func init() {
	type plain struct {
		Activation string `json:"activation"`
		Hidden     []int  `json:"hidden"`
	}
	tree.RegisterAs("mlp", func(m mlp) plain { return plain{activationName(m.activation), m.widths} },
		func(f plain) (m mlp, err error) {
			if m.activation, err = activationOf(f.Activation); err != nil {
				return m, err
			}
			if len(f.Hidden) > maxLayers {
				return m, tree.At("hidden", fmt.Errorf("found %d layers, expected at most %d", len(f.Hidden), maxLayers))
			}
			for i, width := range f.Hidden {
				if width < 1 || width > maxWidth {
					return m, tree.At(fmt.Sprintf("hidden[%d]", i), fmt.Errorf("found %d, expected 1 to %d", width, maxWidth))
				}
			}
			m.widths = f.Hidden
			return m, nil
		})
	type residual struct {
		Activation string `json:"activation"`
		Width      int    `json:"width"`
		Blocks     int    `json:"blocks"`
	}
	tree.RegisterAs("residual_mlp", func(m residualMLP) residual { return residual{activationName(m.activation), m.width, m.blocks} },
		func(f residual) (m residualMLP, err error) {
			if m.activation, err = activationOf(f.Activation); err != nil {
				return m, err
			}
			if f.Width < 1 || f.Width > maxWidth || f.Blocks < 0 || f.Blocks > maxLayers {
				return m, fmt.Errorf("found %d blocks of width %d, expected at most %d of 1 to %d", f.Blocks, f.Width, maxLayers, maxWidth)
			}
			m.width, m.blocks = f.Width, f.Blocks
			return m, nil
		})
}

// Bounds on conditioners read from a file.
const (
	maxLayers = 1 << 8
	maxWidth  = 1 << 16
)

// activationName is that in a config of package flow, such as "leaky_relu".
func activationName(act activation.Type) string {
	return strings.ToLower(betweenWords.ReplaceAllString(act.String(), "${1}_$2"))
}

var betweenWords = regexp.MustCompile("([a-z])([A-Z])")

func activationOf(name string) (activation.Type, error) {
	var known []string
	for _, act := range activation.TypeValues() {
		if activationName(act) == name {
			return act, nil
		}
		known = append(known, activationName(act))
	}
	return 0, tree.At("activation", fmt.Errorf("found %s, expected one of %s", show.Quoted(name), show.Names(known)))
}

// MLP is a conditioner of dense layers of the given widths with activation act
// between them. The last layer starts at zero, so that a new coupling layer is
// the identity. The hidden layers start as PyTorch's Linear does, weights and
// biases uniform on ±1/√inputs: with biases at zero, every kink of a ReLU
// network of one input would start at the origin.
//
// Initial values depend on the seed in [model.ParamInitialSeed] and on the path
// of the variable alone: they are the same on every backend.
func MLP(act activation.Type, widths ...int) Conditioner {
	return mlp{act, slices.Clone(widths)}
}

type mlp struct {
	activation activation.Type
	widths     []int
}

// Raw implements [Conditioner].
func (m mlp) Raw(scope *model.Scope, h *Node, outputs int) *Node {
	for i, width := range m.widths {
		h = activation.Apply(m.activation, dense(scope.At("hidden_%d", i), h, width, likeTorch))
	}
	return dense(scope.At("out"), h, outputs, startsAtZero)
}

// ResidualMLP is a conditioner that raises its input to width features, changes
// them in blocks, each adding W₂·act(W₁·act(h)) to what enters it, and ends in a
// dense layer that starts at zero. Values start as in [MLP], but W₂ within
// ±1e-3: a new block hardly changes anything. It panics unless width > 0 and
// blocks >= 0.
//
// Source: He et al. 2016, https://arxiv.org/abs/1603.05027, whose blocks begin
// with the activation, without their normalization; as the conditioners of Durkan
// et al. 2019, https://arxiv.org/abs/1906.04032, in nflows/nn/nets/resnet.py of
// https://github.com/bayesiains/nflows.
func ResidualMLP(act activation.Type, width, blocks int) Conditioner {
	if width < 1 || blocks < 0 {
		exceptions.Panicf("bijector: a residual conditioner needs width > 0 and blocks >= 0, found %d and %d", width, blocks)
	}
	return residualMLP{act, width, blocks}
}

type residualMLP struct {
	activation    activation.Type
	width, blocks int
}

// Raw implements [Conditioner].
func (m residualMLP) Raw(scope *model.Scope, h *Node, outputs int) *Node {
	h = dense(scope.At("in"), h, m.width, likeTorch)
	for i := range m.blocks {
		block := scope.At("block_%d", i)
		r := dense(block.At("hidden_0"), activation.Apply(m.activation, h), m.width, likeTorch)
		r = dense(block.At("hidden_1"), activation.Apply(m.activation, r), m.width, residualLimit)
		h = Add(h, r)
	}
	return dense(scope.At("out"), h, outputs, startsAtZero)
}

// Initial values of dense are within ±limit, or within one of these.
const (
	startsAtZero  = 0.0
	likeTorch     = -1.0 // ±1/√inputs
	residualLimit = 1e-3
)

// dense is h·W + b with variables "weights" [inputs, width] and "biases" [width], in
// their precision.
func dense(scope *model.Scope, h *Node, width int, limit float64) *Node {
	inputs := h.Shape().Dim(-1)
	if limit == likeTorch {
		limit = 1 / math.Sqrt(float64(inputs))
	}
	node := func(name string, dims ...int) *Node {
		initial := initializer.Zero
		if limit > 0 {
			initial = Uniform(scope, name, limit)
		}
		return Variable(scope, name, initial, shapes.Make(h.DType(), dims...)).NodeValue(h.Graph())
	}
	weights, biases := node("weights", inputs, width), node("biases", width)
	return nn.Dense(ConvertDType(h, weights.DType()), weights, biases)
}

// Uniform initializes the variable name of scope on ±limit. Its values depend on the seed
// in [model.ParamInitialSeed] and on the path of the variable alone: they are the same on
// every backend.
func Uniform(scope *model.Scope, name string, limit float64) model.VariableInitializer {
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
	seed := model.GetParamOr(scope, model.ParamInitialSeed, int64(0))
	return func() *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), path.Sum64())) }
}

// hostValues initializes a variable with numbers made by values on the host, the
// same on every backend.
func hostValues(values func(size int) []float64) model.VariableInitializer {
	return func(g *Graph, shape shapes.Shape) *Node {
		t := tensors.FromFlatDataAndDimensions(values(shape.Size()), shape.Dimensions...)
		return ConvertDType(ConstTensor(g, t), shape.DType)
	}
}
