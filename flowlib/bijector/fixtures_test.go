package bijector_test

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/flow"
)

// Other people's code finds what ours does: outputs, log-determinants,
// log-densities and the gradients of the mean NLL by the input and by every
// parameter of theirs, in both directions.
func TestOtherLibrariesAgree(t *testing.T) {
	be := backendtest.Open(t)
	files, err := filepath.Glob("testdata/fixtures/*.npz")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d fixtures: %v", len(files), err)
	}
	onGo, kinds := backend.Name(be) == "go", map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".npz")
		kind := name[:strings.LastIndex(name, "_")] // without the number of features
		layer, found := outsiders[kind]
		if !found {
			t.Errorf("no test reads %s", file)
			continue
		}
		// XLA takes seconds to compile: there one of each kind, as flows are trained.
		if !onGo && kinds[kind] {
			continue
		}
		kinds[kind] = true
		t.Run(name, func(t *testing.T) {
			f := readFixture(t, file)
			// 1e-10 and 1e-5 leave a float64 six and a float32 two of its digits for
			// sums in another order and formulas in another form.
			for dtype, tol := range map[dtypes.DType]float64{dtypes.Float64: 1e-10, dtypes.Float32: 1e-5} {
				if !onGo && dtype == dtypes.Float64 {
					continue
				}
				worst := compare(t, f, runFixture(t, be, f, layer, dtype), dtype, tol)
				t.Logf("%s against %s %s: largest error %.1e", dtype, f.Library, f.Version, worst)
			}
		})
	}
	for kind := range outsiders {
		if !kinds[kind] {
			t.Errorf("there is no fixture of %s", kind)
		}
	}
}

// normflows takes ActNorm's parameters from its first batch as we do, but for the
// standard deviation: 1/(B-1) under its root, and 1e-6 more. That is taken back here.
func TestActNormStartsAsNormflows(t *testing.T) {
	be := backendtest.Open(t)
	for _, features := range []string{"2", "3", "5"} {
		f := readFixture(t, "testdata/fixtures/normflows_actnorm_"+features+".npz")
		layer := bijector.NewActNorm(f.features)
		for _, direction := range []string{"forward", "inverse"} {
			sign := 1.0
			if direction == "forward" {
				sign = -1 // s = -log(std + 1e-6)
			}
			store := model.NewStore()
			if _, err := model.CallOnce(be, store, func(scope *model.Scope, v *Node) *Node {
				layer.Initialize(scope.At("flow"), v, nil, direction == "forward")
				return v
			}, f.tensor("input", dtypes.Float64)); err != nil {
				t.Fatal(err)
			}
			scope := store.Scope("/flow")
			logScale := numbers(scope.GetVariable("log_scale").MustValue())
			shift := numbers(scope.GetVariable("shift").MustValue())
			rows := float64(f.arrays["input"].shape[0])
			for d, s := range f.arrays["init/"+direction+"/s"].values {
				std := (math.Exp(sign*s) - 1e-6) * math.Sqrt((rows-1)/rows)
				want := sign * math.Log(std)
				wantShift := f.arrays["init/"+direction+"/t"].values[d]
				if direction == "forward" { // t = -mean·exp(s)
					wantShift *= math.Exp(want - s)
				}
				if !(math.Abs(logScale[d]-want) <= 1e-10) || !(math.Abs(shift[d]-wantShift) <= 1e-10) {
					t.Errorf("%s, feature %d of %s: log-scale %.12g and shift %.12g, want %.12g and %.12g",
						direction, d, features, logScale[d], shift[d], want, wantShift)
				}
			}
		}
	}
}

// outsider is how a layer of another library looks in ours.
type outsider struct {
	// layer returns the bijector whose Forward is the library's forward.
	layer func(f fixture) bijector.Bijector

	// variables computes ours from the parameters w of the library, by path below
	// the layer. As part of the graph: the chain rule then gives the gradients by theirs.
	variables func(f fixture, w map[string]*Node) map[string]*Node
}

const variablesAt = "/flow/00/"

// runFixture returns our numbers by the names of the fixture's arrays.
func runFixture(t *testing.T, be compute.Backend, f fixture, o outsider, dtype dtypes.DType) map[string][]float64 {
	t.Helper()
	layer, store := o.layer(f), model.NewStore()
	// A flow scores by the inverse of its bijector.
	flows := map[string]*flow.Flow{
		"forward": flow.New(base.Normal{Features: f.features}, bijector.Chain{bijector.Invert{Bijector: layer}}),
		"inverse": flow.New(base.Normal{Features: f.features}, bijector.Chain{layer}),
	}
	var given []string // "input", perhaps "context", and the weights
	var values []any
	for name := range f.arrays {
		if name == "input" || name == "context" || strings.HasPrefix(name, "weight/") {
			given = append(given, name)
		}
	}
	slices.Sort(given)
	for _, name := range given {
		values = append(values, f.tensor(name, dtype))
	}

	var results []string
	outputs, err := model.CallOnceN(be, store, func(scope *model.Scope, in []*Node) []*Node {
		weights, byName := map[string]*Node{}, map[string]*Node{}
		for i, name := range given {
			byName[name] = in[i]
			if weight, ok := strings.CutPrefix(name, "weight/"); ok {
				weights[weight] = in[i]
			}
		}
		input, context := byName["input"], byName["context"]
		layerScope := scope.At("flow").At("00")
		layer.Forward(layerScope, input, context) // makes the variables
		setVariables(t, store, o.variables(f, weights))
		var nodes []*Node
		for _, direction := range []string{"forward", "inverse"} {
			move := layer.Forward
			if direction == "inverse" {
				move = layer.Inverse
			}
			output, logDet := move(layerScope, input, context)
			logProb := flows[direction].LogProb(scope, input, context)
			nodes = append(nodes, output, logDet, logProb)
			results = append(results, direction+"/output", direction+"/log_det", direction+"/log_prob")
			for i, gradient := range Gradient(Neg(ReduceAllMean(logProb)), in...) {
				if given[i] == "context" {
					continue
				}
				nodes = append(nodes, gradient)
				results = append(results, direction+"/grad/"+strings.TrimPrefix(given[i], "weight/"))
			}
		}
		return nodes
	}, values...)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]float64{}
	for i, name := range results {
		got[name] = numbers(outputs[i])
	}
	return got
}

// setVariables fails the test where a trainable variable gets no value, or a
// value no variable.
func setVariables(t *testing.T, store *model.Store, values map[string]*Node) {
	for v := range store.IterVariables() {
		path := strings.TrimPrefix(v.Path(), variablesAt)
		value, found := values[path]
		switch {
		case found:
			v.SetNodeValue(value)
			delete(values, path)
		case v.Trainable:
			t.Errorf("variable %s has no value in the fixture", v.Path())
		}
	}
	for path := range values {
		t.Errorf("there is no variable %s%s", variablesAt, path)
	}
}

// compare returns the largest relative error. Outputs, log-determinants and
// log-densities are compared one by one, relative to max(1, |want|); a gradient
// is a sum in which parts cancel, so relative to the largest of its array.
func compare(t *testing.T, f fixture, got map[string][]float64, dtype dtypes.DType, tol float64) float64 {
	t.Helper()
	worst := 0.0
	for name, want := range f.arrays {
		if !strings.HasPrefix(name, "forward/") && !strings.HasPrefix(name, "inverse/") {
			continue
		}
		if len(got[name]) != len(want.values) {
			t.Errorf("%s: %s has %d numbers, want %d", dtype, name, len(got[name]), len(want.values))
			continue
		}
		largest := 0.0
		for _, w := range want.values {
			largest = max(largest, math.Abs(w))
		}
		for i, w := range want.values {
			scale := max(1, math.Abs(w))
			if strings.Contains(name, "/grad/") {
				scale = largest
			}
			diff := math.Abs(got[name][i] - w)
			if !(diff <= tol*scale) {
				t.Errorf("%s: %s[%d] is %.12g, %s gives %.12g", dtype, name, i, got[name][i], f.Library, w)
			}
			if scale > 0 {
				worst = max(worst, diff/scale)
			}
		}
	}
	return worst
}
