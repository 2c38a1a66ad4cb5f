package bijectortest

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"normflow/flowlib/bijector"
)

// scaling is x = z·exp(s) + b, s and b being variables, with a place to break it.
type scaling struct {
	change func(scope *model.Scope, v, context *Node, forward bool, out, logDet *Node) (*Node, *Node)
}

func (s scaling) Forward(scope *model.Scope, z, context *Node) (x, logDet *Node) {
	logScale, shift := s.variables(scope, z)
	x, logDet = Add(Mul(z, Exp(logScale)), shift), Add(zeros(z), ReduceAllSum(logScale))
	return s.change(scope, z, context, true, x, logDet)
}

func (s scaling) Inverse(scope *model.Scope, x, context *Node) (z, logDet *Node) {
	logScale, shift := s.variables(scope, x)
	z, logDet = Mul(Sub(x, shift), Exp(Neg(logScale))), Sub(zeros(x), ReduceAllSum(logScale))
	return s.change(scope, x, context, false, z, logDet)
}

func (s scaling) variables(scope *model.Scope, v *Node) (logScale, shift *Node) {
	shape := shapes.Make(v.DType(), 1, v.Shape().Dim(-1))
	value := func(name string) *Node {
		return ConvertDType(bijector.Variable(scope, name, initializer.Zero, shape).NodeValue(v), v.DType())
	}
	return value("log_scale"), value("shift")
}

func zeros(v *Node) *Node { return ZerosLike(ReduceSum(v, -1)) }

// recorder keeps what a check reports instead of failing the test.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func check(t *testing.T, b bijector.Bijector, opts Options) []string {
	r, done := &recorder{TB: t}, make(chan struct{})
	go func() {
		defer close(done)
		CheckWith(r, b, 2, 1e-10, opts)
	}()
	<-done
	return r.errors
}

// Each break is the smallest there is, and the report names it.
func TestCheckFindsWhatIsBroken(t *testing.T) {
	type parts = func(scope *model.Scope, v, context *Node, forward bool, out, logDet *Node) (*Node, *Node)
	conditional := Options{Context: 2}
	for name, tt := range map[string]struct {
		want   string // "" where nothing is broken
		opts   Options
		change parts
	}{
		"nothing": {"", Options{}, func(_ *model.Scope, _, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) { return out, logDet }},
		"sign of a log-det": {"the autodiff Jacobian's", Options{}, func(_ *model.Scope, _, _ *Node, forward bool, out, logDet *Node) (*Node, *Node) {
			if forward {
				logDet = Neg(logDet)
			}
			return out, logDet
		}},
		"both log-dets": {"the autodiff Jacobian's", Options{}, func(_ *model.Scope, _, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			return out, Neg(logDet)
		}},
		"a log-det for the whole batch": {"batch of one", Options{}, func(_ *model.Scope, v, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			return out, Add(logDet, MulScalar(OnesLike(logDet), 1e-11*float64(v.Shape().Dim(0))))
		}},
		"features swapped one way": {"round trip", Options{}, func(_ *model.Scope, _, _ *Node, forward bool, out, logDet *Node) (*Node, *Node) {
			if forward {
				out = Concatenate([]*Node{Slice(out, AxisRange(), AxisRange(1, 2)), Slice(out, AxisRange(), AxisRange(0, 1))}, -1)
			}
			return out, logDet
		}},
		"a variable for nothing": {"/bijector/idle gets no gradient", Options{}, func(scope *model.Scope, v, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			bijector.Variable(scope, "idle", initializer.Zero, shapes.Make(v.DType(), 2))
			return out, logDet
		}},
		"infinite far out": {"not finite", Options{}, func(_ *model.Scope, v, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			overflows := Exp(ReduceSum(v, -1)) // at 2e6
			return out, Add(logDet, MulScalar(Sub(overflows, overflows), 0))
		}},
		"the same within bounds": {"", Options{Latent: [][2]float64{{-20, 20}, {-20, 20}}, Data: [][2]float64{{-20, 20}, {-20, 20}}}, func(_ *model.Scope, v, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			overflows := Exp(ReduceSum(v, -1))
			return out, Add(logDet, MulScalar(Sub(overflows, overflows), 0))
		}},
		"a gradient far out": {"gets a gradient of NaN", Options{}, func(_ *model.Scope, v, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			danger := Exp(Mul(out, out)) // overflows, is not chosen, and still counts in the gradient
			return Where(GreaterThan(Abs(v), MulScalar(OnesLike(v), 10)), out, Add(out, Sub(danger, danger))), logDet
		}},
		"context without effect": {"another context moves", conditional, func(_ *model.Scope, _, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			return out, logDet
		}},
		"context with effect": {"another context moves", Options{Context: 2, IgnoresContext: true}, shiftByContext},
		"context as promised": {"", conditional, shiftByContext},
		"variables of the precision of the data": {"with variables in float32, as flows are scored: ", Options{}, func(scope *model.Scope, v, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			return Mul(out, OnesLike(scope.GetVariable("shift").NodeValue(v))), logDet
		}},
		"a result in float32": {"with variables in float32: the result is Float32, expected Float64", Options{}, func(scope *model.Scope, v, _ *Node, _ bool, out, logDet *Node) (*Node, *Node) {
			return ConvertDType(out, scope.GetVariable("shift").DType()), logDet
		}},
		"another result": {"with variables in float32: the result is ", Options{}, func(scope *model.Scope, v, _ *Node, forward bool, out, logDet *Node) (*Node, *Node) {
			if scope.GetVariable("shift").DType() != v.DType() {
				out = AddScalar(out, 0.01)
			}
			return out, logDet
		}},
		"seed instead of a variable": {"after loading", Options{}, func(scope *model.Scope, _, _ *Node, forward bool, out, logDet *Node) (*Node, *Node) {
			shift := float64(model.GetParamOr(scope, model.ParamInitialSeed, int64(0)))
			if !forward {
				shift = -shift
			}
			return AddScalar(out, shift), logDet
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := check(t, scaling{tt.change}, tt.opts)
			if tt.want == "" && len(got) > 0 {
				t.Errorf("reported %q, though nothing is broken", got)
			}
			if !strings.Contains(strings.Join(got, "\n"), tt.want) {
				t.Errorf("reported %q, want %q", got, tt.want)
			}
		})
	}
}

// shiftByContext makes it x = z·exp(s) + b + context.
func shiftByContext(scope *model.Scope, v, context *Node, forward bool, out, logDet *Node) (*Node, *Node) {
	if !forward {
		context = Neg(Mul(context, Exp(Neg(ConvertDType(scope.GetVariable("log_scale").NodeValue(v), v.DType())))))
	}
	return Add(out, context), logDet
}

// standardizing is an ActNorm that can be broken where data enter.
type standardizing struct {
	*bijector.ActNorm
	initialize func(a *bijector.ActNorm, scope *model.Scope, v, context *Node, forward bool)
}

func (s standardizing) Initialize(scope *model.Scope, v, context *Node, forward bool) {
	s.initialize(s.ActNorm, scope, v, context, forward)
}

func TestCheckFindsBrokenInitialization(t *testing.T) {
	for name, tt := range map[string]struct {
		want       string
		initialize func(a *bijector.ActNorm, scope *model.Scope, v, context *Node, forward bool)
	}{
		"nothing": {"", (*bijector.ActNorm).Initialize},
		"never": {"has not been initialized", func(a *bijector.ActNorm, _ *model.Scope, _, _ *Node, _ bool) {
		}},
		"each time": {"a second Initialize changed /bijector/log_scale", func(a *bijector.ActNorm, scope *model.Scope, v, context *Node, forward bool) {
			flag := scope.GetVariable("initialised")
			flag.SetNodeValue(ScalarZero(v.Graph(), v.DType()))
			a.Initialize(scope, v, context, forward)
		}},
		"half of it": {"after Initialize", func(a *bijector.ActNorm, scope *model.Scope, v, context *Node, forward bool) {
			a.Initialize(scope, MulScalar(v, math.Inf(1)), context, forward)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := check(t, standardizing{bijector.NewActNorm(2), tt.initialize}, Options{})
			if tt.want == "" && len(got) > 0 {
				t.Errorf("reported %q, though nothing is broken", got)
			}
			if !strings.Contains(strings.Join(got, "\n"), tt.want) {
				t.Errorf("reported %q, want %q", got, tt.want)
			}
		})
	}
}
