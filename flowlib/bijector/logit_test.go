package bijector_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/integrate/quad"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/bijector"
)

// logitRun returns z (or x), log-det and the gradient of their sum by the input,
// of rows of one feature.
func logitRun(t *testing.T, l bijector.Bijector, dtype dtypes.DType, in []float64, forward bool) (out, logDet, gradient []float64) {
	t.Helper()
	rows := make([][]float64, len(in))
	for i, v := range in {
		rows[i] = []float64{v}
	}
	got, err := model.CallOnceN(backendtest.Open(t), model.NewStore(), func(scope *model.Scope, v *graph.Node) []*graph.Node {
		v = graph.ConvertDType(v, dtype)
		direction := l.Inverse
		if forward {
			direction = l.Forward
		}
		out, logDet := direction(scope, v, nil)
		gradient := graph.Gradient(graph.Add(graph.ReduceAllSum(out), graph.ReduceAllSum(logDet)), v)[0]
		var nodes []*graph.Node
		for _, n := range []*graph.Node{out, logDet, gradient} {
			nodes = append(nodes, graph.ConvertDType(graph.Reshape(n, len(in)), dtypes.Float64))
		}
		return nodes
	}, rows)
	if err != nil {
		t.Fatal(err)
	}
	return got[0].Value().([]float64), got[1].Value().([]float64), got[2].Value().([]float64)
}

// With α = 0.05 the bounds lie at ±ln 19, and the middle at 0.
func TestLogitSendsItsBoundsToTheMargin(t *testing.T) {
	z, logDet, _ := logitRun(t, bijector.NewLogit([]float64{10}, []float64{14}), dtypes.Float64, []float64{10, 12, 14}, false)
	for i, want := range []float64{-math.Log(19), 0, math.Log(19)} {
		if !(math.Abs(z[i]-want) <= 1e-13) { // float64, numbers about 10
			t.Errorf("z = %g, want %g", z[i], want)
		}
	}
	// At u = 1/2 the logit has slope 4, on a scale of w = 4/0.9.
	if want := math.Log(4 * 0.9 / 4); !(math.Abs(logDet[1]-want) <= 1e-13) {
		t.Errorf("log-det in the middle is %g, want %g", logDet[1], want)
	}
}

// Outside of the margin there is no density, and nothing for a gradient to go
// wrong on. NaN stays NaN: it is no place outside.
func TestLogitOutsideItsDomain(t *testing.T) {
	l := bijector.NewLogit([]float64{0}, []float64{0.9}) // a = -0.05, a+w = 0.95
	for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
		z, logDet, gradient := logitRun(t, l, dtype, []float64{-0.06, 0.96, -1e6, 1e6, math.Inf(1)}, false)
		for i := range z {
			if math.IsNaN(z[i]) || math.IsInf(z[i], 0) || !math.IsInf(logDet[i], -1) || gradient[i] != 0 {
				t.Errorf("%s: row %d gives z = %g, log-det %g, gradient %g", dtype, i, z[i], logDet[i], gradient[i])
			}
		}
		z, logDet, _ = logitRun(t, l, dtype, []float64{math.NaN()}, false)
		if !math.IsNaN(z[0]) || !math.IsNaN(logDet[0]) {
			t.Errorf("%s: NaN gives z = %g, log-det %g", dtype, z[0], logDet[0])
		}
	}
	// One feature outside is enough.
	two := bijector.NewLogit([]float64{0, 0}, []float64{1, 1})
	_, logDet, err := inverseOf(t, two, [][]float64{{0.5, 0.5}, {0.5, 2}, {-1, 0.5}})
	if err != nil || math.IsInf(logDet[0], 0) || !math.IsInf(logDet[1], -1) || !math.IsInf(logDet[2], -1) {
		t.Errorf("log-dets %v, %v; want the last two -Inf", logDet, err)
	}
}

func inverseOf(t *testing.T, b bijector.Bijector, x [][]float64) (z [][]float64, logDet []float64, err error) {
	t.Helper()
	out, err := model.CallOnceN(backendtest.Open(t), model.NewStore(), func(scope *model.Scope, x *graph.Node) []*graph.Node {
		z, logDet := b.Inverse(scope, x, nil)
		return []*graph.Node{z, logDet}
	}, x)
	if err != nil {
		return nil, nil, err
	}
	return out[0].Value().([][]float64), out[1].Value().([]float64), nil
}

// However far out z lies, x is drawn inside, has a density, and finite gradients.
func TestLogitDrawsInsideItsDomain(t *testing.T) {
	for _, l := range []struct {
		lo, hi, margin float64
	}{{0, 1, 0}, {0, 1, bijector.DefaultMargin}, {-7, 0, 0}, {1000, 1001, 0}, {-3e4, 1e-3, 0.2}} {
		b := bijector.NewLogit([]float64{l.lo}, []float64{l.hi}).Margin(l.margin)
		extra := l.margin * (l.hi - l.lo) / (1 - 2*l.margin)
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
			draws := []float64{-1e6, -200, -50, -17, 0, 17, 50, 200, 1e6}
			x, logDet, gradient := logitRun(t, b, dtype, draws, true)
			z, back, backGradient := logitRun(t, b, dtype, x, false)
			for i := range x {
				if !(x[i] > l.lo-extra-1e-3 && x[i] < l.hi+extra+1e-3) || l.margin == 0 && !(x[i] > l.lo && x[i] < l.hi) {
					t.Errorf("%v in %s: z = %g gives x = %g", l, dtype, draws[i], x[i])
				}
				for name, v := range map[string]float64{"log-det": logDet[i], "gradient": gradient[i], "z": z[i], "log-det back": back[i], "gradient back": backGradient[i]} {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("%v in %s: z = %g: %s is %g", l, dtype, draws[i], name, v)
					}
				}
				// ln w - |z| far out
				if want := math.Log(l.hi-l.lo+2*extra) - math.Abs(draws[i]); math.Abs(draws[i]) > 40 && !(math.Abs(logDet[i]-want) <= 1e-6*math.Abs(want)) {
					t.Errorf("%v in %s: z = %g: log-det %g, want %g", l, dtype, draws[i], logDet[i], want)
				}
			}
		}
	}
}

// A normal seen through the logit is a density on the interval with its margins.
func TestLogitDensityIntegratesToOne(t *testing.T) {
	l := bijector.NewLogit([]float64{2}, []float64{5})
	const extra = 0.05 * 3 / 0.9
	x, weights := make([]float64, 60), make([]float64, 60)
	quad.Legendre{}.FixedLocations(x, weights, 2-extra, 5+extra)
	z, logDet, _ := logitRun(t, l, dtypes.Float64, x, false)
	mass := 0.0
	for i := range x {
		mass += weights[i] * math.Exp(-z[i]*z[i]/2+logDet[i]) / math.Sqrt(2*math.Pi)
	}
	if !(math.Abs(mass-1) <= 1e-4) { // 60 points of a smooth density that vanishes at both ends
		t.Errorf("the density integrates to %g", mass)
	}
}

func TestImpossibleLogits(t *testing.T) {
	one := func(lo, hi float64) func() {
		return func() { bijector.NewLogit([]float64{lo}, []float64{hi}) }
	}
	for name, build := range map[string]func(){
		"empty":         func() { bijector.NewLogit(nil, nil) },
		"lengths":       func() { bijector.NewLogit([]float64{0}, []float64{1, 2}) },
		"reversed":      one(1, 0),
		"equal":         one(1, 1),
		"not a number":  one(math.NaN(), 1),
		"infinite":      one(0, math.Inf(1)),
		"margin":        func() { bijector.NewLogit([]float64{0}, []float64{1}).Margin(0.5) },
		"no margin":     func() { bijector.NewLogit([]float64{0}, []float64{1}).Margin(math.NaN()) },
		"below float32": func() { bijector.NewLogit([]float64{1e9}, []float64{1e9 + 1}).Forward(nil, tiny(t), nil) },
	} {
		checkPanics(t, name, "logit", build)
	}
}

// tiny is a node of one float32, of a graph that is never run.
func tiny(t *testing.T) *graph.Node {
	return graph.Const(graph.NewGraph(backendtest.Open(t), "tiny"), [][]float32{{0}})
}
