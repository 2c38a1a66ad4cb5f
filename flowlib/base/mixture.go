package base

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
	"normflow/internal/names"
)

// MaxLogScale bounds the log-scales of a [Mixture]: a component is never narrower
// than e^-3 ≈ 0.05 nor wider than 20, so that none can collapse on one event and
// take the likelihood to infinity.
const MaxLogScale = 3.0

// Mixture is a mixture of K Gaussians with diagonal covariance, all trained:
//
//	log p(z) = log Σ_k softmax(logits)_k·N(z; μ_k, diag(e^(2s_k)))
//	s = max·tanh(raw/max)             smooth, symmetric, |s| < max = MaxLogScale
//
// Its variables are "means" [K, D], "log_scales" [K, D], which hold raw, and "logits"
// [K]. Until [Mixture.Start] chooses them from data, the mixture resembles the unit
// Gaussian: weights are equal, and each feature has mean 0 and variance 1, half of it
// between the means. The means are drawn from the seed in [model.ParamInitialSeed] and
// the path of the variable.
//
// With a base that has separate modes the bijectors need not tear one mode apart:
// Stimper et al. 2022, https://arxiv.org/abs/2110.15828.
type Mixture struct {
	features, components int
}

func init() {
	type form struct {
		Features   int `json:"features"`
		Components int `json:"components"`
	}
	tree.RegisterAs("mixture", func(m *Mixture) form { return form{m.features, m.components} },
		func(f form) (*Mixture, error) { return NewMixture(f.Features, f.Components), nil })
}

// NewMixture panics unless features >= 1 and components >= 1.
func NewMixture(features, components int) *Mixture {
	checkFeatures("Mixture", features)
	if components < 1 {
		exceptions.Panicf("base: Mixture needs at least one component, found %d", components)
	}
	return &Mixture{features: features, components: components}
}

// LogProb returns the log-density of each row of z, in nats. z is [B, D]; the result is
// [B]. It panics unless z has D features.
func (m *Mixture) LogProb(scope *model.Scope, z *Node) *Node {
	z.AssertDims(-1, m.features)
	means, logScales, logWeights := m.variables(scope, z.Graph(), z.DType())
	u := Mul(Sub(ExpandDims(z, 1), ExpandDims(means, 0)), ExpandDims(Exp(Neg(logScales)), 0)) // [B, K, D]
	logNorm := Sub(logWeights, ReduceSum(logScales, -1))                                      // [K]
	terms := Add(MulScalar(ReduceSum(Square(u), -1), -0.5), ExpandDims(logNorm, 0))           // [B, K]
	// Log-sum-exp around the largest term. If squares overflow, all terms are -Inf; the
	// sum must then be -Inf, not NaN.
	lowest := -1e38
	if z.DType() == dtypes.Float64 {
		lowest = -1e308
	}
	largest := StopGradient(MaxScalar(ReduceAndKeep(terms, ReduceMax, -1), lowest))
	logSum := Add(Log(ReduceSum(Exp(Sub(terms, largest)), -1)), Squeeze(largest, -1))
	return AddScalar(logSum, -float64(m.features)*halfLog2Pi)
}

// Sample draws count latents, [count, D], using the random state of the scope's store.
// temperature multiplies their distance from the mean of their own component, so that
// low temperatures show the modes and not the gaps between them.
func (m *Mixture) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node {
	means, logScales, logWeights := m.variables(scope, g, dtype)
	// By inversion: the component is the number of cumulative weights, without the
	// last, that a uniform number reaches.
	index := Zeros(g, shapes.Make(dtypes.Int32, count, 1))
	if m.components > 1 {
		lower := make([][]float64, m.components-1)
		for k := range lower {
			lower[k] = make([]float64, m.components)
			for j := range k + 1 {
				lower[k][j] = 1
			}
		}
		weights := ExpandDims(Exp(logWeights), 0)
		cumulated := ReduceSum(Mul(ConvertDType(Const(g, lower), dtype), weights), -1) // [K-1]
		uniform := scope.RandomUniform(g, shapes.Make(dtype, count, 1))
		reached := GreaterOrEqual(uniform, ExpandDims(cumulated, 0))
		index = ReduceAndKeep(ConvertDType(reached, dtypes.Int32), ReduceSum, -1)
	}
	u := scaled(scope.RandomNormal(g, shapes.Make(dtype, count, m.features)), temperature)
	return Add(Gather(means, index), Mul(Exp(Gather(logScales, index)), u))
}

// variables returns means and log-scales, [K, D], and the logarithms of the weights, [K].
func (m *Mixture) variables(scope *model.Scope, g *Graph, dtype dtypes.DType) (means, logScales, logWeights *Node) {
	within := 1.0 // variance
	if m.components > 1 {
		within = 0.5
	}
	raw := rawLogScale(0.5 * math.Log(within))
	means = variable(scope, g, "means", m.spread(scope, "means", 1-within), shapes.Make(dtype, m.components, m.features))
	logScales = variable(scope, g, "log_scales", func(g *Graph, shape shapes.Shape) *Node {
		return AddScalar(Zeros(g, shape), raw)
	}, shapes.Make(dtype, m.components, m.features))
	logits := variable(scope, g, "logits", initializer.Zero, shapes.Make(dtype, m.components))
	// Whether Start has set them, saved with them; see bijector.CheckInitialized.
	if scope.GetVariable(names.Initialized) == nil {
		scope.WithInitializer(initializer.Zero).VariableWithShape(names.Initialized, shapes.Make(dtype)).SetTrainable(false)
	}
	return means, MulScalar(Tanh(DivScalar(logScales, MaxLogScale)), MaxLogScale), LogSoftmax(logits)
}

// spread draws K means on the host, the same on every backend, and shifts and
// scales each feature so that they have mean 0 and the given variance.
func (m *Mixture) spread(scope *model.Scope, name string, variance float64) model.VariableInitializer {
	path := fnv.New64a()
	path.Write([]byte(model.JoinPath(scope.Scope(), name)))
	seed := model.GetParamOr(scope, model.ParamInitialSeed, int64(0))
	return func(g *Graph, shape shapes.Shape) *Node {
		rng := rand.New(rand.NewPCG(uint64(seed), path.Sum64()))
		values := make([]float64, m.components*m.features)
		for d := range m.features {
			sum, squares := 0.0, 0.0
			for k := range m.components {
				v := rng.NormFloat64()
				values[k*m.features+d] = v
				sum, squares = sum+v, squares+v*v
			}
			mean := sum / float64(m.components)
			std := math.Sqrt(squares/float64(m.components) - mean*mean)
			for k := range m.components {
				v := &values[k*m.features+d]
				if variance > 0 {
					*v = (*v - mean) / std * math.Sqrt(variance)
				} else {
					*v = 0
				}
			}
		}
		t := tensors.FromFlatDataAndDimensions(values, m.components, m.features)
		return ConvertDType(ConstTensor(g, t), shape.DType)
	}
}
