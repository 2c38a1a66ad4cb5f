package flowtest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/bijector/bijectortest"
	"normflow/flowlib/flow"
)

func coupling(features int, flip bool, t bijector.Transform) bijector.Bijector {
	mask := bijector.Mask{false}
	if features > 1 {
		mask = bijector.Alternating(features, flip)
	}
	return bijector.NewCoupling(mask, bijector.MLP(activation.TypeTanh, 4), t)
}

// Whole flows of the library's own parts pass.
func TestFlows(t *testing.T) {
	for name, tt := range map[string]struct {
		base     flow.Base
		chain    bijector.Chain
		features int
		opts     bijectortest.Options
	}{
		"affine":  {base.Normal{Features: 2}, bijector.Chain{coupling(2, false, bijector.Affine{}), bijector.Reversal(2), coupling(2, false, bijector.Affine{})}, 2, bijectortest.Options{}},
		"mixture": {base.NewMixture(2, 3), bijector.Chain{bijector.NewLU(2), coupling(2, true, bijector.Spline{Bins: 4})}, 2, bijectortest.Options{}},
		"student": {base.NewStudentT(3), bijector.Chain{coupling(1, false, bijector.Affine{})}, 1, bijectortest.Options{Context: 1}},
		"logit":   {base.Normal{Features: 2}, bijector.Chain{coupling(2, false, bijector.Affine{}), bijector.NewLogit([]float64{0, 0}, []float64{1, 3}).Margin(0.1)}, 2, bijectortest.Options{Data: [][2]float64{{0, 1}, {0, 3}}}},
		"three":   {base.Normal{Features: 3}, bijector.Chain{coupling(3, false, bijector.Affine{})}, 3, bijectortest.Options{}},
	} {
		t.Run(name, func(t *testing.T) { Check(t, tt.base, tt.chain, tt.features, 1e-9, tt.opts) })
	}
}

// narrow is the unit Gaussian, whose draws are spread less.
type narrow struct{ base.Normal }

func (n narrow) Sample(scope *model.Scope, g *Graph, dtype dtypes.DType, count int, temperature *Node) *Node {
	return MulScalar(n.Normal.Sample(scope, g, dtype, count, temperature), 0.8)
}

// heavy is the unit Gaussian times a constant.
type heavy struct{ base.Normal }

func (h heavy) LogProb(scope *model.Scope, z *Node) *Node {
	return AddScalar(h.Normal.LogProb(scope, z), 0.1)
}

func TestWhatIsBroken(t *testing.T) {
	normal := base.Normal{Features: 2}
	for want, b := range map[string]flow.Base{"over a cell": narrow{normal}, "over the box that holds most draws": heavy{normal}} {
		r := &recorder{TB: t}
		done := make(chan bool)
		go func() {
			defer close(done)
			Check(r, b, bijector.Chain{coupling(2, false, bijector.Affine{})}, 2, 1e-9, bijectortest.Options{})
		}()
		<-done
		if said := strings.Join(r.errors, "\n"); !strings.Contains(said, want) {
			t.Errorf("%T: said %q, expected %q", b, said, want)
		}
	}
}

// recorder keeps what a check reports instead of failing the test.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatal(args ...any) {
	r.errors = append(r.errors, fmt.Sprint(args...))
	runtime.Goexit()
}
