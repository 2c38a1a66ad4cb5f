package eval_test

import (
	"math"
	"strings"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/eval"
	"normflow/flowlib/flow"
)

// conditional is a flow of two features and a context, away from its start.
func conditional(t *testing.T) *flow.Model {
	t.Helper()
	cfg := flow.NSF(2)
	cfg.Layers, cfg.Hidden, cfg.Context = 2, []int{4}, 1
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		if m.Store().GetVariable(w.Path).Trainable {
			for i := range w.Values {
				w.Values[i] += 0.3 * math.Sin(float64(i*i+len(w.Path)))
			}
		}
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return m
}

// Rows of a conditional flow go there and back with their own context.
func TestRoundTripOfAConditionalFlow(t *testing.T) {
	m := conditional(t)
	x := [][]float64{{0.5, -1, 2}, {1.5, 0.3, -2}, {-2, 2, 0}}
	if worst, err := eval.RoundTrip(m, x); err != nil || !(worst <= 1e-5) { // float32
		t.Errorf("round trip moves points by %g, %v", worst, err)
	}
	if worst, err := eval.RoundTrip(m, nil); err != nil || worst != 0 {
		t.Errorf("round trip of no rows: %g, %v", worst, err)
	}
	nll, err := eval.NLL(m, x)
	logProb, errLP := m.LogProb(x)
	if err != nil || errLP != nil {
		t.Fatal(err, errLP)
	}
	if want := -(logProb[0] + logProb[1] + logProb[2]) / 3; !(math.Abs(nll.Mean-want) <= 1e-12) {
		t.Errorf("NLL is %g, want %g", nll.Mean, want)
	}
}

// What has no meaning for a conditional flow says so.
func TestConditionalFlowsAreRefused(t *testing.T) {
	m, p := conditional(t), dataset.Checkerboard()
	rows := make([][]float64, 100)
	for i := range rows {
		rows[i] = []float64{math.Sin(float64(i)), math.Cos(float64(i)), 0}
	}
	_, errKL := eval.KL(m, p, rows)
	_, errIntegral := eval.Integral(m, p.Box, 10)
	_, errDiagnose := eval.Diagnose(m, nil, rows, 1)
	for name, err := range map[string]error{"KL": errKL, "Integral": errIntegral, "Diagnose": errDiagnose} {
		if err == nil || !strings.Contains(err.Error(), "conditional on 1 columns") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := eval.KL(gaussian(t), &dataset.Density{Name: "other", Features: 3}, rows); err == nil || !strings.Contains(err.Error(), "row 0 has 3 features, expected 2") {
		t.Errorf("a density of 3 features: %v", err)
	}
	if _, err := eval.KL(gaussian(t), &dataset.Density{Name: "other", Features: 3}, [][]float64{{1, 2}}); err == nil || !strings.Contains(err.Error(), "other has 3 features: dataset: row 0 has 2") {
		t.Errorf("a density of 3 features on rows of 2: %v", err)
	}
	if _, err := density.NewGrid(gaussian(t), p.Box, 0); err == nil || !strings.Contains(err.Error(), "at least 1 cell") {
		t.Errorf("a grid of no cells: %v", err)
	}
}

// Latents of another base than the unit Gaussian are not held against one.
func TestDiagnoseAFlowOverAnotherBase(t *testing.T) {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden, cfg.Base, cfg.Freedom = 1, []int{4}, "student", 3
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	x, err := m.Sample(5, 300)
	if err != nil {
		t.Fatal(err)
	}
	d, err := eval.Diagnose(m, nil, x, 1)
	if err != nil || d.Latents != nil || d.PIT != nil || !(d.PValue > 0.001) {
		t.Errorf("latents %v, PIT %v, p = %g, %v", d.Latents, d.PIT, d.PValue, err)
	}
}
