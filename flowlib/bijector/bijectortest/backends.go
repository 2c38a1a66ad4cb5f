package bijectortest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend"
	"normflow/flowlib/bijector"
)

// Case is a bijector to test.
type Case struct {
	Name     string
	Bijector bijector.Bijector
	Features int
	Options  Options
}

// Two backends in one process would share tensors by mistake: the other one runs
// in a process of its own, which hears from these variables what to do.
const (
	backendEnv = "FLOW_TEST_BACKEND"
	outputEnv  = "BIJECTORTEST_OUTPUT"
	other      = "xla:cpu"
)

// Backends wants the pure-Go backend and XLA to agree on every case, in both
// directions and with their log-determinants: within 1e-11 in float64 and 1e-4 in
// float32, relative to max(1, |value|); at the initial values, after Initialize
// where there is one, and at random parameters.
//
// It runs the test that calls it a second time in another process, so that test
// must do nothing else. It is skipped where XLA does not start, and with -short:
// a compilation for each case and precision takes its time.
func Backends(t *testing.T, cases []Case) {
	t.Helper()
	if file := os.Getenv(outputEnv); file != "" {
		answer(t, cases, file)
		return
	}
	if testing.Short() {
		t.Skip("left out with -short")
	}
	be, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	theirs := ask(t)
	if theirs.Skip != "" {
		t.Skipf("%s does not start: %s", other, theirs.Skip)
	}
	if len(theirs.Results) != len(cases) {
		t.Fatalf("the other process answered for %d of %d cases", len(theirs.Results), len(cases))
	}
	worst := map[float64]float64{} // by tolerance
	for i, c := range cases {
		ours, err := outputs(be, c)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if len(theirs.Results[i]) != len(ours) {
			t.Errorf("%s: %d outputs here, %d on %s", c.Name, len(ours), len(theirs.Results[i]), other)
			continue
		}
		for j, our := range ours {
			if their := theirs.Results[i][j]; our.Name != their.Name || len(our.Values) != len(their.Values) {
				t.Errorf("%s: %s of %d numbers here, %s of %d on %s", c.Name, our.Name, len(our.Values), their.Name, len(their.Values), other)
			} else if k, diff := our.worst(their); diff <= our.Tolerance {
				worst[our.Tolerance] = max(worst[our.Tolerance], diff)
			} else {
				t.Errorf("%s: %s number %d is %.10g on go and %.10g on %s", c.Name, our.Name, k, our.Values[k], their.Values[k], other)
			}
		}
	}
	t.Logf("largest relative difference between the backends, by tolerance: %v", worst)
}

// report is what the other process writes.
type report struct {
	Skip    string     `json:"skip"`
	Results [][]output `json:"results"` // one for each case
}

// output is one tensor. Its numbers are finite, as JSON wants them.
type output struct {
	Name      string    `json:"name"`
	Tolerance float64   `json:"tolerance"`
	Values    []float64 `json:"values"`
}

// worst is where o differs most from p, relative to max(1, |value|).
func (o output) worst(p output) (at int, diff float64) {
	for k := range o.Values {
		if d := math.Abs(o.Values[k]-p.Values[k]) / max(1, math.Abs(o.Values[k])); !(d <= diff) {
			at, diff = k, d
		}
	}
	return at, diff
}

// ask runs this test on the other backend.
func ask(t *testing.T) report {
	t.Helper()
	// "go test" takes an old answer unless a variable changed that it saw being read.
	os.Getenv("PJRT_PLUGIN_LIBRARY_PATH")
	file := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+regexp.QuoteMeta(t.Name())+"$")
	cmd.Env = append(os.Environ(), backendEnv+"="+other, outputEnv+"="+file)
	printed, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the process on %s: %v\n%s", other, err, printed)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("the process on %s left no report: %v\n%s", other, err, printed)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// answer is what the other process does.
func answer(t *testing.T, cases []Case, file string) {
	t.Helper()
	var r report
	if be, err := backend.Open(os.Getenv(backendEnv)); err != nil {
		r.Skip = err.Error()
	} else {
		for _, c := range cases {
			out, err := outputs(be, c)
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			r.Results = append(r.Results, out)
		}
	}
	text, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// outputs runs a case in both precisions and directions.
func outputs(be compute.Backend, c Case) (all []output, err error) {
	for _, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float32} {
		out, err := outputsOf(be, c, dtype)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("in %s", dtype), err)
		}
		all = append(all, out...)
	}
	return all, nil
}

func outputsOf(be compute.Backend, c Case, dtype dtypes.DType) (all []output, err error) {
	tolerance := 1e-11
	if dtype == dtypes.Float32 {
		tolerance = 1e-4
	}
	rng, store := rand.New(rand.NewPCG(13, 14)), model.NewStore()
	graph := func(scope *model.Scope, z, x, context *Node) []*Node {
		z, x, context = ConvertDType(z, dtype), ConvertDType(x, dtype), ConvertDType(context, dtype)
		if c.Options.Context == 0 {
			context = nil
		}
		out, forward := apply(c.Bijector, scope, z, context, true)
		back, inverse := apply(c.Bijector, scope, x, context, false)
		return []*Node{out, forward, back, inverse}
	}
	exec, err := model.NewExec(be, store, graph)
	if err != nil {
		return nil, err
	}
	z, x := points(rng, batch, c.Features, 1.5, c.Options.Latent), points(rng, batch, c.Features, 1.5, c.Options.Data)
	context := normals(rng, batch, max(1, c.Options.Context), 1) // a tensor has at least one number
	run := func(when string) error {
		out, err := exec.Call(z, x, context)
		for i, t := range out {
			name := []string{"Forward", "log-det of Forward", "Inverse", "log-det of Inverse"}[i]
			all = append(all, output{fmt.Sprintf("%s in %s, %s,", name, dtype, when), tolerance, flat(t)})
		}
		return err
	}
	if err := run("at initial values"); err != nil {
		return nil, err
	}
	if b, ok := c.Bijector.(bijector.DataDependent); ok && store.NumVariables() > 0 {
		if _, err := model.CallOnceN(be, store, func(scope *model.Scope, x, context *Node) []*Node {
			x, context = ConvertDType(x, dtype), ConvertDType(context, dtype)
			if c.Options.Context == 0 {
				context = nil
			}
			b.Initialize(scope.At(scopeName), x, context, false)
			return []*Node{ReduceAllSum(x)}
		}, x, context); err != nil {
			return nil, err
		}
		if err := run("initialised"); err != nil {
			return nil, err
		}
	}
	Randomize(store, 0.6, 5)
	return all, run("at random parameters")
}

func flat(t *tensors.Tensor) (values []float64) {
	t.MustConstFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float64:
			values = append(values, flat...)
		case []float32:
			for _, v := range flat {
				values = append(values, float64(v))
			}
		}
	})
	return values
}
