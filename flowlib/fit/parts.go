package fit

import (
	"fmt"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend"
	"normflow/internal/names"
)

// parts makes a step on all cores where the backend works on one: each takes a part
// of the batch and finds its gradients, and what they add up to updates the weights.
type parts struct {
	sizes     []int // of the parts of a batch
	gradients *model.Exec
	update    *model.Exec
	compiled  bool
}

const (
	minPart  = 128 // rows at least: of 64, calling the operations takes a tenth of the time
	maxParts = 8
)

// numParts is how many parts a batch of size rows has. The pure-Go backend runs one
// operation at a time, see [backend.Open], most of them on one core. It does not depend
// on how many cores there are, so that the weights do not: not the last bit.
func numParts(b compute.Backend, size int) int {
	if backend.Name(b) != "go" {
		return 1
	}
	return max(1, min(maxParts, size/minPart))
}

func newParts(t *trainer, count int) (*parts, error) {
	p := &parts{}
	for i := range count {
		p.sizes = append(p.sizes, t.cfg.BatchSize*(i+1)/count-t.cfg.BatchSize*i/count)
	}
	var err error
	p.gradients, err = model.NewExec(t.model.Backend(), t.model.Store(), func(scope *model.Scope, data, rows *Node) []*Node {
		nll, gradients := t.gradientsGraph(scope, Gather(data, rows))
		return append([]*Node{nll}, gradients...)
	})
	if err != nil {
		return nil, err
	}
	p.update, err = model.NewExec(t.model.Backend(), t.model.Store(), func(scope *model.Scope, inputs []*Node) *Node {
		schedule, found := inputs[0], inputs[1:]
		each := len(found) / len(p.sizes) // the NLL and the gradients, of each part
		mean := make([]*Node, each)
		for i := range mean {
			for k, size := range p.sizes {
				share := MulScalar(found[k*each+i], float64(size)/float64(t.cfg.BatchSize))
				if k == 0 {
					mean[i] = share
				} else {
					mean[i] = Add(mean[i], share)
				}
			}
		}
		weights := 0
		for v := range scope.IterVariables() {
			if v.Trainable && strings.HasPrefix(v.Path(), names.FlowPrefix) {
				v.NodeValue(schedule.Graph()) // for the optimizer, which looks for what the graph uses
				weights++
			}
		}
		if weights != each-1 {
			panic(fmt.Errorf("%d gradients for %d weights", each-1, weights))
		}
		t.updateGraph(scope, mean[1:], schedule)
		return mean[0]
	})
	return p, err
}

// step makes a step on the rows of a batch and returns the NLL before it. The
// gradients are added up in the order of the parts, so that the same number of parts
// gives the same sum.
func (p *parts) step(data input, rows []int32, schedule *tensors.Tensor) (float64, error) {
	found, errs := make([][]*tensors.Tensor, len(p.sizes)), make([]error, len(p.sizes))
	var working sync.WaitGroup
	for k, size := range p.sizes {
		part := tensors.FromFlatDataAndDimensions(rows[:size:size], size, 1)
		rows = rows[size:]
		if find := func() { found[k], errs[k] = p.gradients.Call(data, part) }; p.compiled {
			working.Go(find)
		} else {
			find()
		}
	}
	working.Wait()
	p.compiled = true
	inputs := []any{schedule}
	for k := range found {
		if errs[k] != nil {
			return 0, errs[k]
		}
		for _, gradient := range found[k] {
			inputs = append(inputs, gradient)
		}
	}
	out, err := p.update.Call(inputs...)
	if err != nil {
		return 0, err
	}
	for _, gradient := range inputs[1:] { // else they wait for the garbage collector
		if err := gradient.(*tensors.Tensor).FinalizeAll(); err != nil {
			return 0, err
		}
	}
	return shapes.ConvertTo[float64](out[0].Value()), nil
}
