package bijectortest

import (
	"math/rand/v2"
	"reflect"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
	"normflow/internal/safetensors"
)

const prefix = "/" + scopeName + "/"

// initialize gives the bijector its first data, and then others, which must not
// change a thing.
func (c *checker) initialize() {
	c.t.Helper()
	b, ok := c.b.(bijector.DataDependent)
	if !ok {
		return
	}
	data := func(seed int64) (x, context [][]float64) {
		rng := rand.New(rand.NewPCG(uint64(seed), 9))
		return points(rng, 50, c.features, 2, c.opts.Data), normals(rng, 50, c.opts.Context, 1)
	}
	x, context := data(1)
	c.feed(b, x, context)
	if err := bijector.CheckInitialized(c.store, prefix); err != nil {
		c.t.Errorf("after Initialize: %v", err)
	}
	first := c.save()
	x, context = data(2)
	c.feed(b, x, context)
	if second := c.save(); !reflect.DeepEqual(first, second) {
		c.t.Errorf("a second Initialize changed %s", firstDifference(first, second))
	}
}

func (c *checker) feed(b bijector.DataDependent, x, context [][]float64) {
	c.t.Helper()
	c.call(x, context, func(scope *model.Scope, v, context *Node) []*Node {
		b.Initialize(scope.At(scopeName), v, context, false)
		if context == nil {
			return []*Node{v}
		}
		return []*Node{v, context} // the pure-Go backend does not take an input that nothing reads
	})
}

// reload copies the saved variables into another store: one of another seed, that
// other data have initialized. They pass once more after loading. The answers
// must be those of the first store to the last bit: same backend, same graphs.
func (c *checker) reload(z, x, context [][]float64, forward, inverse result) {
	c.t.Helper()
	saved := c.save()
	rng := rand.New(rand.NewPCG(10, 11))
	other := &checker{t: c.t, b: c.b, features: c.features, opts: c.opts, backend: c.backend, store: model.NewStore()}
	other.store.SetParam(model.ParamInitialSeed, int64(12))
	pass := func() {
		data, otherContext := points(rng, 20, c.features, 3, c.opts.Data), normals(rng, 20, c.opts.Context, 1)
		if b, ok := c.b.(bijector.DataDependent); ok {
			other.feed(b, data, otherContext)
		}
		other.run(data, otherContext, false)
	}
	pass()
	if err := safetensors.ToStore(other.store, prefix, saved); err != nil {
		c.t.Errorf("loading what was saved: %v", err)
		return
	}
	pass()
	if after := other.save(); !reflect.DeepEqual(saved, after) {
		c.t.Errorf("after loading, other data changed %s", firstDifference(saved, after))
	}
	if got := other.run(z, context, true); !reflect.DeepEqual(got, forward) {
		c.t.Errorf("Forward gives %v after loading, %v before", got.out[0], forward.out[0])
	}
	if got := other.run(x, context, false); !reflect.DeepEqual(got, inverse) {
		c.t.Errorf("Inverse gives %v after loading, %v before", got.out[0], inverse.out[0])
	}
}

func (c *checker) save() []safetensors.Tensor {
	c.t.Helper()
	saved, err := safetensors.FromStore(c.store, prefix)
	if err != nil {
		c.t.Fatalf("saving: %v", err)
	}
	return saved
}

func firstDifference(a, b []safetensors.Tensor) string {
	for i := range a {
		if i >= len(b) || a[i].Name != b[i].Name || !slices.Equal(a[i].Data, b[i].Data) {
			return a[i].Name
		}
	}
	return "the number of variables"
}
