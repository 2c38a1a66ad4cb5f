package bijector

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/support/exceptions"

	"normflow/flowlib/tree"
)

// ActNorm is a trained affine map of each feature, which starts where the first
// batch leaves it with mean 0 and standard deviation 1:
//
//	x = z⊙exp(s) + b,   log|det df/dz| = Σ_d s_d
//	s = ln std(x), b = mean(x) over the batch, once, by Initialize
//
// Until then it is the identity. Afterwards s and b are trained as all other
// variables, whatever the data: it is no batch normalization. s is not bounded.
//
// Source: Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039, section 3.1
// and table 1, whose f runs x -> z: y = s⊙x + b. The standard deviation is that
// of the batch, with 1/B.
type ActNorm struct {
	features int
}

func init() {
	type form struct {
		Features int `json:"features"`
	}
	tree.RegisterAs("actnorm", func(a *ActNorm) form { return form{a.features} },
		func(f form) (*ActNorm, error) { return NewActNorm(f.Features), nil })
}

// NewActNorm panics unless features > 0.
func NewActNorm(features int) *ActNorm {
	if features < 1 {
		exceptions.Panicf("bijector: ActNorm needs at least one feature, found %d", features)
	}
	return &ActNorm{features: features}
}

// Forward implements [Bijector].
func (a *ActNorm) Forward(scope *model.Scope, z, _ *Node) (x, logDet *Node) {
	logScale, shift := a.nodes(scope, z)
	return Add(Mul(z, Exp(logScale)), shift), Add(zeroLogDet(z), ReduceAllSum(logScale))
}

// Inverse implements [Bijector].
func (a *ActNorm) Inverse(scope *model.Scope, x, _ *Node) (z, logDet *Node) {
	logScale, shift := a.nodes(scope, x)
	return Mul(Sub(x, shift), Exp(Neg(logScale))), Sub(zeroLogDet(x), ReduceAllSum(logScale))
}

// Initialize implements [DataDependent]. A constant feature has no spread, so its
// log-scale becomes infinite: see [CheckInitialized]. It panics on a batch of one.
func (a *ActNorm) Initialize(scope *model.Scope, v, _ *Node, forward bool) {
	v.AssertDims(-1, a.features)
	if rows := v.Shape().Dim(0); rows < 2 {
		exceptions.Panicf("bijector: %s: ActNorm needs at least two rows to initialize, found %d: one row has no spread", scope.Scope(), rows)
	}
	// Differences to the first row: exact for a constant feature, whose sum over
	// a large batch would not be a multiple of it.
	first := Slice(v, AxisElem(0), AxisRange()) // [1, D]
	centred := Sub(v, first)
	offset := ReduceAndKeep(centred, ReduceMean, 0)
	std := Sqrt(ReduceMean(Square(Sub(centred, offset)), 0)) // [D]
	mean := Reshape(Add(first, offset), a.features)
	// What earlier layers make of a constant may differ in its last digits.
	resolution := MulScalar(ReduceMax(Abs(v), 0), 4*epsilon(v.DType()))
	std = Where(LessOrEqual(std, resolution), ZerosLike(std), std)

	logScale, shift := Log(std), mean
	if forward { // (v-mean)/std = v·exp(s) + b
		logScale, shift = Neg(logScale), Neg(Div(mean, std))
	}
	a.set(scope, logScale, shift)
}

// set assigns the variables unless they are already initialized.
func (a *ActNorm) set(scope *model.Scope, logScale, shift *Node) {
	flag, g := initializedFlag(scope, logScale), logScale.Graph()
	done := GreaterThan(flag.NodeValue(g), ScalarZero(g, logScale.DType()))
	logScaleVar, shiftVar := a.variables(scope, logScale)
	logScaleVar.SetNodeValue(Where(done, logScaleVar.NodeValue(g), logScale))
	shiftVar.SetNodeValue(Where(done, shiftVar.NodeValue(g), shift))
	finite := LogicalAll(IsFinite(logScale))
	flag.SetNodeValue(Where(LogicalOr(done, finite), OnesLike(flag.NodeValue(g)), ZerosLike(flag.NodeValue(g))))
}

func (a *ActNorm) variables(scope *model.Scope, like *Node) (logScale, shift *model.Variable) {
	shape := shapes.Make(like.DType(), a.features)
	return Variable(scope, "log_scale", initializer.Zero, shape), Variable(scope, "shift", initializer.Zero, shape)
}

// nodes returns both as [1, D]. It also creates the flag, so that the flag is saved.
func (a *ActNorm) nodes(scope *model.Scope, v *Node) (logScale, shift *Node) {
	v.AssertDims(-1, a.features)
	initializedFlag(scope, v)
	logScaleVar, shiftVar := a.variables(scope, v)
	row := func(of *model.Variable) *Node {
		return ConvertDType(Reshape(of.NodeValue(v), 1, a.features), v.DType())
	}
	return row(logScaleVar), row(shiftVar)
}

// epsilon is the distance from 1 to the next number.
func epsilon(dtype dtypes.DType) float64 {
	if dtype == dtypes.Float64 {
		return math.Nextafter(1, 2) - 1
	}
	return float64(math.Nextafter32(1, 2) - 1)
}
