package fit

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/internal/numbers"
)

// stepwise is the engine that makes one step per device call.
type stepwise struct {
	graph
	// step makes a step on the rows of a batch and returns the NLL before it.
	step func(data input, rows []int32, schedule *tensors.Tensor) (float64, error)
}

// newStepwise splits each batch into numParts parts.
func newStepwise(t *trainer, numParts int) (*stepwise, error) {
	g, err := newGraphOn(t)
	if err != nil {
		return nil, err
	}
	s := &stepwise{graph: g}
	if numParts > 1 {
		p, err := newParts(t, numParts)
		if err != nil {
			return nil, err
		}
		s.step = p.step
		return s, nil
	}
	exec, err := model.NewExec(t.model.Backend(), t.model.Store(), func(scope *model.Scope, data, rows, schedule *Node) *Node {
		return t.stepGraph(scope, Gather(data, rows), schedule)
	})
	if err != nil {
		return nil, err
	}
	one, err := t.devices.share(exec, everywhere, 0, everywhere)
	s.step = func(data input, rows []int32, schedule *tensors.Tensor) (float64, error) {
		out, err := one.call(data, tensors.FromFlatDataAndDimensions(rows, len(rows), 1), schedule)
		if err != nil {
			return 0, err
		}
		return shapes.ConvertTo[float64](out[0].Value()), nil
	}
	return s, err
}

func (s *stepwise) steps(first, count int) (outcome, error) {
	sum := 0.0
	for i := range count {
		nll, err := s.step(s.data, s.rows(first+i), s.schedule(first+i))
		if err != nil {
			return outcome{}, err
		}
		if !numbers.Finite(nll) {
			return outcome{bad: i}, nil
		}
		sum += nll
	}
	return outcome{sum: sum, bad: -1}, nil
}
