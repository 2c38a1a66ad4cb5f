package bijector

import (
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/tree"
)

// LU is a trained invertible matrix, which mixes all features; at any D it is
// what Glow calls an invertible 1×1 convolution. It is kept as its factors:
//
//	W = P·L·(U + diag(sign⊙exp(log|s|)))
//	z = W·x,   log|det dz/dx| = Σ_d log|s_d|
//
// with a permutation P, ones on the diagonal of L and zeros on that of U. P and
// the signs stay as they start, and are saved with the rest. The variable "lu",
// [D, D], packs what is trained as LAPACK does: L below the diagonal, U above,
// log|s| on it. W starts as a random orthogonal matrix.
//
// The product is the Inverse, since data pass it in training; Forward solves by
// substitution, D steps of one feature each. log|s| is not bounded: W cannot
// become singular, but nothing keeps it well conditioned.
//
// Source: Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039, section 3.2
// and equations 10 and 11, whose f runs x -> z.
type LU struct {
	features int
	identity bool
}

func init() {
	type form struct {
		Features int  `json:"features"`
		Identity bool `json:"identity"` // how it starts
	}
	tree.RegisterAs("lu", func(l *LU) form { return form{l.features, l.identity} },
		func(f form) (*LU, error) {
			l := NewLU(f.Features)
			l.identity = f.Identity
			return l, nil
		})
}

// NewLU panics unless features > 0.
func NewLU(features int) *LU {
	if features < 1 {
		exceptions.Panicf("bijector: LU needs at least one feature, found %d", features)
	}
	return &LU{features: features}
}

// Identity lets W start as the identity instead of a random orthogonal matrix.
func (l *LU) Identity() *LU {
	l.identity = true
	return l
}

// Inverse implements [Bijector].
func (l *LU) Inverse(scope *model.Scope, x, _ *Node) (z, logDet *Node) {
	f := l.factors(scope, x)
	upper := Add(f.upper, Mul(f.eye, Reshape(f.diagonal, 1, l.features)))
	w := MatMul(f.permutation, MatMul(Add(f.lower, f.eye), upper))
	return MatMul(x, Transpose(w, 0, 1)), Add(zeroLogDet(x), ReduceAllSum(f.logS))
}

// Forward implements [Bijector].
func (l *LU) Forward(scope *model.Scope, z, _ *Node) (x, logDet *Node) {
	f := l.factors(scope, z)
	// The rows of the identity are solved, not those of z, of which there are many.
	v := substitute(f.permutation, f.lower, false) // P is orthogonal
	// U + diag(s) = diag(s)·(I + diag(1/s)·U)
	v = Div(v, Reshape(f.diagonal, 1, l.features))
	v = substitute(v, Div(f.upper, Reshape(f.diagonal, l.features, 1)), true)
	return MatMul(z, v), Sub(zeroLogDet(z), ReduceAllSum(f.logS))
}

// substitute solves (I + T)·x = v for each row of v, [B, D], T being strictly
// triangular, [D, D]. GoMLX has no triangular solve: D steps, each of which
// takes one solved feature out of those that wait.
func substitute(v, triangle *Node, upper bool) *Node {
	d := v.Shape().Dim(-1)
	columns := Transpose(triangle, 0, 1) // row j: what feature j adds to each other
	solved := make([]*Node, d)
	for n := range d {
		// v holds the d-n features that wait; j is the first of them, or the last.
		j, at, rest, others := n, 0, AxisRange(1, d-n), AxisRange(n+1, d)
		if upper {
			j = d - 1 - n
			at, rest, others = j, AxisRange(0, j), AxisRange(0, j)
		}
		solved[j] = Slice(v, AxisRange(), AxisRange(at, at+1))
		if n < d-1 {
			v = Sub(Slice(v, AxisRange(), rest), Mul(solved[j], Slice(columns, AxisRange(j, j+1), others)))
		}
	}
	return Concatenate(solved, -1)
}

// luFactors are nodes: permutation, lower and upper (both without diagonal) and
// eye are [D, D], logS and diagonal = sign⊙exp(logS) are [D].
type luFactors struct {
	permutation, lower, upper, eye, logS, diagonal *Node
}

func (l *LU) factors(scope *model.Scope, v *Node) luFactors {
	d, g, dtype := l.features, v.Graph(), v.DType()
	v.AssertDims(-1, d)
	rng := randomOf(scope, "lu")
	node := func(name string, fixed bool, values func(luStart) []float64, dims ...int) *Node {
		start := hostValues(func(int) []float64 { return values(l.start(rng())) })
		v := Variable(scope, name, start, shapes.Make(dtype, dims...))
		if fixed {
			v.SetTrainable(false)
		}
		return ConvertDType(v.NodeValue(g), dtype)
	}
	permutation := node("permutation", true, func(s luStart) []float64 { return s.permutation }, d, d)
	sign := node("sign", true, func(s luStart) []float64 { return s.sign }, d)
	packed := node("lu", false, func(s luStart) []float64 { return s.packed }, d, d)

	zeros, onDiagonal := ZerosLike(packed), Diagonal(g, d)
	logS := ReduceSum(Where(onDiagonal, packed, zeros), -1)
	return luFactors{
		permutation: permutation,
		lower:       Where(UpperTriangular(g, d), zeros, packed),
		upper:       Where(LowerTriangular(g, d), zeros, packed),
		eye:         ConvertDType(onDiagonal, dtype),
		logS:        logS,
		diagonal:    Mul(sign, Exp(logS)),
	}
}

// luStart holds initial values, row by row.
type luStart struct {
	permutation, sign, packed []float64
}

// start factors the initial W on the host: Q of a matrix of normal draws.
func (l *LU) start(rng *rand.Rand) luStart {
	d := l.features
	w := mat.NewDense(d, d, nil)
	for i := range d {
		for j := range d {
			w.Set(i, j, rng.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(w)
	qr.QTo(w)
	if l.identity {
		w.Zero()
		for i := range d {
			w.Set(i, i, 1)
		}
	}
	var lu mat.LU
	lu.Factorize(w)
	var lower, upper mat.TriDense
	lu.LTo(&lower)
	lu.UTo(&upper)

	s := luStart{permutation: make([]float64, d*d), sign: make([]float64, d), packed: make([]float64, d*d)}
	for i, row := range lu.RowPivots(nil) {
		s.permutation[row*d+i] = 1
	}
	for i := range d {
		for j := range d {
			s.packed[i*d+j] = lower.At(i, j) + upper.At(i, j) // one of them is zero, off the diagonal
		}
		s.packed[i*d+i] = math.Log(math.Abs(upper.At(i, i)))
		s.sign[i] = math.Copysign(1, upper.At(i, i))
	}
	return s
}
