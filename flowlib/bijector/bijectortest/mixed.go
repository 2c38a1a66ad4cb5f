package bijectortest

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// mixed runs the bijector on float64 while its variables are float32, as flows are scored,
// and compares with variables in float64 that are rounded to float32.
func (c *checker) mixed(z, x, context [][]float64) {
	c.t.Helper()
	single := &checker{t: c.t, b: c.b, features: c.features, opts: c.opts, backend: c.backend, store: model.NewStore()}
	single.call(z, context, func(scope *model.Scope, v, context *Node) []*Node { // creates the variables
		if v = ConvertDType(v, dtypes.Float32); context != nil {
			context = ConvertDType(context, dtypes.Float32)
		}
		out, logDet := apply(c.b, scope, v, context, true)
		return []*Node{out, logDet}
	})
	for v := range c.store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			c.t.Fatal(err)
		}
		if err := round(value, v.SetValue, single.store.GetVariable(v.Path())); err != nil {
			c.t.Fatalf("variable %s: %v", v.Path(), err)
		}
	}
	for _, way := range []struct {
		name    string
		in      [][]float64
		forward bool
	}{{"Forward", z, true}, {"Inverse", x, false}} {
		var all [2][]*tensors.Tensor
		for i, of := range []*checker{c, single} {
			var err error
			if all[i], err = of.try(way.in, context, func(scope *model.Scope, v, context *Node) []*Node {
				out, logDet := apply(c.b, scope, v, context, way.forward)
				return []*Node{out, logDet}
			}); err != nil {
				c.t.Errorf("%s of float64 with variables in float32, as flows are scored: %v", way.name, err)
				return
			}
		}
		for i, what := range []string{"the result", "the log-determinant"} {
			want, got := flat(all[0][i]), flat(all[1][i])
			if dtype := all[1][i].DType(); dtype != dtypes.Float64 {
				c.t.Errorf("%s of float64 with variables in float32: %s is %s, expected Float64", way.name, what, dtype)
			} else if diff := maxDiff(want, got); !(diff <= 1e-3) { // conditioners may compute in float32
				c.t.Errorf("%s of float64 with variables in float32: %s is %g off", way.name, what, diff)
			}
		}
	}
}

// round rounds a value to float32, and gives it to both variables: one by set, in the
// value's precision, the other in its own.
func round(value *tensors.Tensor, set func(*tensors.Tensor) error, single *model.Variable) error {
	if value.DType() != dtypes.Float64 {
		copied, err := value.Clone()
		if err != nil {
			return err
		}
		return single.SetValue(copied)
	}
	double, half := tensors.FromShape(value.Shape()), tensors.FromShape(single.Shape())
	values := flat(value)
	double.MustMutableFlatData(func(flat any) {
		for i, v := range values {
			flat.([]float64)[i] = float64(float32(v))
		}
	})
	half.MustMutableFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float32:
			for i, v := range values {
				flat[i] = float32(v)
			}
		case []float64: // it keeps to that whatever it is given
			copy(flat, values)
		}
	})
	if err := set(double); err != nil {
		return err
	}
	return single.SetValue(half)
}
