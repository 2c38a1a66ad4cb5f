package fit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
	"normflow/internal/names"
)

// place is a step on the way from events to latents: one of the innermost bijectors, or
// the base at the end.
type place struct {
	path   string // such as "/flow/03"
	kind   string // its Go type, such as "bijector.Coupling"
	in     *Node  // input, [B, D]
	out    *Node  // output, [B, D]
	logDet *Node  // of the map applied, [B]
}

func (p place) String() string { return fmt.Sprintf("%s (%s)", p.path, p.kind) }

// walk applies b to v, [B, D], in the direction given by inverse, appends the places it
// passes to places, and returns the output.
func walk(places *[]place, scope *model.Scope, b bijector.Bijector, v, context *Node, inverse bool) *Node {
	switch b := b.(type) {
	case bijector.Chain:
		for i := range b {
			if inverse {
				i = len(b) - 1 - i
			}
			v = walk(places, scope.At(names.Place, i), b[i], v, context, inverse)
		}
		return v
	case bijector.Invert:
		return walk(places, scope, b.Bijector, v, context, !inverse)
	}
	apply := b.Forward
	if inverse {
		apply = b.Inverse
	}
	out, logDet := apply(scope, v, context)
	*places = append(*places, place{scope.Scope(), strings.TrimLeft(fmt.Sprintf("%T", b), "*"), v, out, logDet})
	return out
}

// flowWalk maps rows of the data, in standardized units, through the flow to latents.
// It returns the places passed and the mean NLL, a scalar.
func (t *trainer) flowWalk(scope *model.Scope, rows *Node) (places []place, nll *Node) {
	x, context := t.model.Split(rows)
	z := walk(&places, scope.At("flow"), t.model.Flow().Chain(), x, context, true)
	logProb := t.model.Flow().LatentLogProb(scope, z)
	places = append(places, place{path: strings.TrimSuffix(names.BasePrefix, "/"), kind: "the base", in: z, out: logProb})
	for _, p := range places {
		if p.logDet != nil {
			logProb = Add(logProb, p.logDet)
		}
	}
	return places, Neg(ReduceAllMean(logProb))
}

// blameNLL describes where, between the given rows and their NLL, the first number
// arises that is not finite at the model's weights. name returns the name of row i in
// the data.
func (t *trainer) blameNLL(rows [][]float64, name func(i int) string) (string, error) {
	var places []place
	numbers, err := t.once(rows, func(scope *model.Scope, rows *Node) []*Node {
		places, _ = t.flowWalk(scope, rows)
		nodes := []*Node{firstBad(rows)}
		for _, p := range places {
			logDet := p.logDet
			if logDet == nil {
				logDet = ZerosLike(p.out)
			}
			nodes = append(nodes, firstBad(p.out), firstBad(logDet), ReduceAllMax(Abs(p.in)), ReduceAllMax(Abs(p.out)))
		}
		return nodes
	})
	if err != nil {
		return "", err
	}
	if bad := int(numbers[0]); bad >= 0 {
		return fmt.Sprintf("%s is beyond the range of %s", name(bad), t.model.DType()), nil
	}
	growth, grown := 1.0, "" // place where numbers grow most
	for i, p := range places {
		n := numbers[1+4*i:][:4]
		badOut, badLogDet, in, out := int(n[0]), int(n[1]), n[2], n[3] // rows, and the largest |number|
		switch {
		case badOut >= 0:
			return fmt.Sprintf("on the way from x to z it arises in %s: the input is finite, the output not, for %s%s", p, name(badOut), grown), nil
		case badLogDet >= 0:
			return fmt.Sprintf("on the way from x to z it arises in %s: input and output are finite, the log-determinant not, for %s%s", p, name(badLogDet), grown), nil
		case out > muchGrowth && out > growth*in:
			growth, grown = out/in, fmt.Sprintf("; before, numbers grew most in %s, from %.3g to %.3g", p, in, out)
		}
	}
	return fmt.Sprintf("it is finite for each event, but their sum is more than %s holds%s", t.model.DType(), grown), nil
}

// muchGrowth is the size of latents worth mentioning. A Gaussian's log-density
// overflows float32 at 10¹⁹.
const muchGrowth = 1e6

// blameGradient describes the first place, going back from the NLL of the given rows,
// whose gradient is not finite.
func (t *trainer) blameGradient(rows [][]float64) (string, error) {
	var owners, of []string // of each gradient: the place and what it is the gradient of
	numbers, err := t.once(rows, func(scope *model.Scope, rows *Node) []*Node {
		g := rows.Graph()
		places, nll := t.flowWalk(scope, rows)
		owners, of = nil, nil
		var nodes []*Node
		for _, p := range slices.Backward(places) {
			for _, v := range trained(scope, g) {
				if strings.HasPrefix(v.Path(), p.path+"/") {
					owners, of, nodes = append(owners, p.String()), append(of, v.Path()), append(nodes, v.NodeValue(g))
				}
			}
			owners, of, nodes = append(owners, p.String()), append(of, "its input"), append(nodes, p.in)
		}
		var looks []*Node
		for _, gradient := range Gradient(nll, nodes...) {
			looks = append(looks, firstBad(gradient), ReduceAllMax(Abs(gradient)))
		}
		return looks
	})
	if err != nil {
		return "", err
	}
	largest := 0
	for i := range of {
		if numbers[2*i] >= 0 { // firstBad returns -1 for none
			return fmt.Sprintf("on the way back from the NLL the gradient stops being finite in %s, that of %s", owners[i], of[i]), nil
		}
		if numbers[2*i+1] > numbers[2*largest+1] {
			largest = i
		}
	}
	return fmt.Sprintf("all gradients are finite, the largest, %.3g, in %s, that of %s; but the update, their norm or the square of one is more than %s holds",
		numbers[2*largest+1], owners[largest], of[largest], t.model.DType()), nil
}

// firstBad returns the index of the first row of v, [B] or [B, …], that holds NaN or an
// infinity, or -1. A scalar counts as one row.
func firstBad(v *Node) *Node {
	if v.Rank() == 0 {
		v = Reshape(v, 1)
	}
	rows := v.Shape().Dim(0)
	bad := ReduceMax(Reshape(ConvertDType(LogicalNot(IsFinite(v)), dtypes.Int32), rows, -1), 1)
	number := Iota(v.Graph(), shapes.Make(dtypes.Int32, rows), 0)
	none := AddScalar(ZerosLike(number), rows)
	first := ReduceAllMin(Where(GreaterThan(bad, ZerosLike(bad)), number, none))
	return Where(Equal(first, Const(v.Graph(), int32(rows))), Const(v.Graph(), int32(-1)), first)
}

// once runs a graph that returns scalars on the given rows.
func (t *trainer) once(rows [][]float64, graph func(scope *model.Scope, rows *Node) []*Node) ([]float64, error) {
	exec, err := model.NewExec(t.model.Backend(), t.model.Store(), func(scope *model.Scope, rows *Node) []*Node {
		nodes := graph(scope, rows)
		for i := range nodes {
			nodes[i] = ConvertDType(nodes[i], dtypes.Float64)
		}
		return nodes
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	out, err := exec.Call(t.model.Tensor(rows))
	if err != nil {
		return nil, err
	}
	numbers := make([]float64, len(out))
	for i, number := range out {
		numbers[i] = tensors.ToScalar[float64](number)
	}
	return numbers, nil
}
