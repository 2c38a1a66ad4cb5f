package onnx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/fit"
	"normflow/flowlib/flow"
)

// fitted is a model of two moons, with rows of which every tenth is up to a million standard
// deviations out.
func fitted(t *testing.T, name string, rows int) example {
	t.Helper()
	data := dataset.TwoMoons(0.1).Draw(1, 2000, 500, 0)
	c := must.M1(flow.Named(name, 2))
	c.Scaler = must.M1(dataset.NewStandardizer(data.Train))
	m := must.M1(c.NewModel(backendtest.Open(t)))
	training := fit.Config{Engine: fit.EngineFast, Steps: 400, BatchSize: 128, LearningRate: 4e-3, EvalEvery: 100}
	must.M1(fit.Run(context.Background(), m, data.Train, data.Valid, training, nil))
	x := dataset.TwoMoons(0.1).Sample(2, rows)
	rng := rand.New(rand.NewPCG(5, 6))
	for i := 0; i < rows; i += 10 {
		for d := range x[i] {
			x[i][d] *= []float64{1, 1e3, 1e4, 1e5, 1e6}[rng.IntN(5)]
		}
	}
	s := must.M1(m.Saved(nil))
	return example{name, m, must.M1(flow.NewMixture(nil, []flow.Member{{Weight: 1, Saved: s}})), x}
}

// Fitted models give their numbers on many rows, near and far.
func TestManyRows(t *testing.T) {
	python := tool(t, "onnx", "bin", "python")
	dir := t.TempDir()
	var all []example
	for i, name := range []string{"realnvp", "nsf"} {
		e := fitted(t, name, 100_000)
		e.write(t, filepath.Join(dir, fmt.Sprint(i)))
		all = append(all, e)
	}
	if out, err := exec.Command(python, "../../scripts/onnx/check.py", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, e := range all {
		got := readArrays(t, filepath.Join(dir, fmt.Sprint(i), "out.npz"))["log_prob"]
		want := must.M1(density.LogProb(e.engine(t), e.rows))
		worst := 0
		for i := range want {
			if difference(got[i][0], want[i]) > difference(got[worst][0], want[worst]) {
				worst = i
			}
		}
		t.Logf("%s: %d rows, the largest difference is %.1e", e.name, len(want), difference(got[worst][0], want[worst]))
		if !near(got[worst][0], want[worst], 1e-5) {
			t.Errorf("%s, row %v: %g, the model says %g", e.name, e.rows[worst], got[worst][0], want[worst])
		}
	}
}
