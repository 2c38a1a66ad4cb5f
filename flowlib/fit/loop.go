package fit

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// loop is the engine that makes many steps in one device call.
type loop struct {
	graph
	run *shared // loopGraph
}

func newLoop(t *trainer) (*loop, error) {
	g, err := newGraphOn(t)
	if err != nil {
		return nil, err
	}
	exec, err := model.NewExec(t.model.Backend(), t.model.Store(), t.loopGraph)
	if err != nil {
		return nil, err
	}
	run, err := t.devices.share(exec, everywhere, 1, everywhere, everywhere, everywhere, everywhere, everywhere)
	return &loop{g, run}, err
}

// loopGraph runs count steps in one device call: one loop whose state is every
// variable, over batches gathered on the device. A call per step would spend
// half the time between the calls.
//
// The inputs are the data [N, columns], row numbers
// [K, B], shared out along B, schedules [K, 2], and scalars: the first step (0), count, the sum
// of NLLs (0) and the first step whose NLL was not finite (-1). It returns the
// last two.
//
// Inside the loop nothing of the outside may be used, not even a constant: all
// that is needed is part of its state.
func (t *trainer) loopGraph(scope *model.Scope, inputs []*Node) []*Node {
	g := inputs[0].Graph()
	var variables []*model.Variable
	state := append([]*Node{}, inputs...)
	for v := range scope.IterVariables() {
		if v.Name() == model.RNGStateVariableName {
			continue // training draws nothing
		}
		variables = append(variables, v)
		state = append(state, v.NodeValue(g))
	}
	parameters := func(g *Graph) []*Node {
		nodes := make([]*Node, len(state))
		for i, s := range state {
			nodes[i] = Parameter(g, fmt.Sprintf("state_%d", i), s.Shape())
		}
		return nodes
	}
	more := NewClosure(g, func(g *Graph) []*Node {
		s := parameters(g)
		return []*Node{LessThan(s[stateStep], s[stateCount])}
	})
	body := NewClosure(g, func(g *Graph) []*Node {
		s := parameters(g)
		for i, v := range variables {
			v.SetNodeValue(s[numInputs+i])
		}
		step := Reshape(s[stateStep], 1, 1)
		rows := Reshape(Gather(s[stateRows], step), t.padded(), 1)
		schedule := Reshape(Gather(s[stateSchedules], step), 2)
		nll := t.stepGraph(scope, Gather(s[stateData], rows), schedule)

		bad := LogicalAnd(LessThan(s[stateBad], ZerosLike(s[stateBad])), LogicalNot(IsFinite(nll)))
		s[stateBad] = Where(bad, s[stateStep], s[stateBad])
		s[stateSum] = Add(s[stateSum], nll)
		s[stateStep] = Add(s[stateStep], OnesLike(s[stateStep]))
		for i, v := range variables {
			s[numInputs+i] = v.NodeValue(g)
		}
		return s
	})
	final := While(more, body, state...)
	for i, v := range variables {
		v.SetNodeValue(final[numInputs+i])
	}
	return []*Node{final[stateSum], final[stateBad]}
}

// Places of the loop's inputs in its state; the variables follow.
const (
	stateData = iota
	stateRows
	stateSchedules
	stateStep
	stateCount
	stateSum
	stateBad
	numInputs
)

func (l *loop) steps(first, count int) (outcome, error) {
	length := l.cfg.EvalEvery // of the compiled loop; count may be less at the end
	rows := make([]int32, 0, length*l.padded())
	schedules := make([][]float64, length)
	for i := range length {
		rows = append(rows, l.rows(first+min(i, count-1))...)
		schedules[i] = l.cfg.schedule(first + i)
	}
	out, err := l.run.call(
		l.data,
		tensors.FromFlatDataAndDimensions(rows, length, l.padded()),
		tensors.MustFromAnyValue(shapes.CastAsDType(schedules, l.model.DType())),
		tensors.FromScalar(int32(0)), tensors.FromScalar(int32(count)),
		scalar(l.model.DType(), 0), tensors.FromScalar(int32(-1)))
	if err != nil {
		return outcome{}, err
	}
	return outcome{sum: shapes.ConvertTo[float64](out[0].Value()), bad: int(tensors.ToScalar[int32](out[1]))}, nil
}
