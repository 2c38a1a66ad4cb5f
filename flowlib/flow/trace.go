package flow

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend"
	"normflow/flowlib/bijector"
	"normflow/internal/names"
)

// trace returns the variables of the flow, sorted by path. Its error names the part
// that does not accept rows of the model's width, or does not return rows of that
// width. It builds the graph of one part after another and runs none, so no variable
// takes memory.
func (d *design) trace() ([]Variable, error) {
	b, err := backend.Open("go") // builds graphs at almost no cost
	if err != nil {
		return nil, err
	}
	t := tracer{d, b, model.NewStore()}
	if err := t.bijector("flow.chain", nil, d.flow.chain); err != nil {
		return nil, err
	}
	err = t.part("flow.base", d.flow.base, func(scope *model.Scope, z, _ *Node) []*Node {
		return []*Node{d.flow.base.LogProb(scope.At(names.Base), z)}
	})
	return variablesOf(t.store), err
}

type tracer struct {
	*design
	backend compute.Backend
	store   *model.Store
}

// bijector traces the innermost bijectors of b. path is the place of b in the tree;
// places are its positions in the chains around it, which give the scopes.
func (t tracer) bijector(path string, places []int, b bijector.Bijector) error {
	switch b := b.(type) {
	case bijector.Chain:
		for i, part := range b {
			if err := t.bijector(fmt.Sprintf("%s[%d]", path, i), append(slices.Clip(places), i), part); err != nil {
				return err
			}
		}
		return nil
	case bijector.Invert:
		return t.bijector(path+".invert", places, b.Bijector)
	case nil:
		return fmt.Errorf("%s: found nil, expected a bijector", path)
	}
	return t.part(path, b, func(at *model.Scope, x, context *Node) []*Node {
		for _, place := range places {
			at = at.At(names.Place, place)
		}
		z, logDet := b.Inverse(at, x, context)
		return []*Node{logDet, z}
	})
}

// part builds a graph that returns [B], or [B, D] and [B] if it returns two nodes. The
// graph is not compiled, because an Exec would give the variables their values.
func (t tracer) part(path string, part any, build func(scope *model.Scope, v, context *Node) []*Node) (err error) {
	g := NewGraph(t.backend, path)
	defer g.Finalize()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s (%T): %v", path, part, p)
		}
	}()
	model.SetStore(g, t.store)
	const rows = 2
	v, context := t.Split(Parameter(g, "rows", shapes.Make(t.DType(), rows, t.Columns())))
	out := build(t.store.RootScope().At(names.Flow), v, context)
	for i, want := range [][]int{{rows}, {rows, t.Features()}}[:len(out)] {
		if got := out[i].Shape().Dimensions; !slices.Equal(got, want) {
			return fmt.Errorf("%s (%T): gives %v for %d rows of %d features, expected %v", path, part, got, rows, t.Features(), want)
		}
	}
	return nil
}
