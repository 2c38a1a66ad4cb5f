package flow_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
	"normflow/flowlib/flow"
)

// A Gaussian, whose density is known, comes through graph, fast engine and disk.
func TestGaussian(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var rows [][]float64
	for range 200 {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		rows = append(rows, []float64{1e9 + a, 5 + 3*a + 0.1*b})
	}
	cfg := flow.Gaussian(2)
	var err error
	if cfg.Scaler, err = dataset.NewWhitener(rows); err != nil {
		t.Fatal(err)
	}
	m, err := cfg.NewModel(backendtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	if n := m.NumParameters(); n != 0 {
		t.Errorf("%d parameters, want none", n)
	}
	got, err := m.LogProb(rows)
	if err != nil {
		t.Fatal(err)
	}
	s := cfg.Scaler
	determinant := s.Std[0] * s.Std[1] * s.Factor[1][1] // of the Cholesky factor of the covariance
	for i, row := range rows {
		u := (row[0] - s.Mean[0]) / s.Std[0]
		v := ((row[1]-s.Mean[1])/s.Std[1] - s.Factor[1][0]*u) / s.Factor[1][1]
		want := -math.Log(2*math.Pi) - (u*u+v*v)/2 - math.Log(determinant)
		if !(math.Abs(got[i]-want) < 1e-5*max(1, math.Abs(want))) {
			t.Fatalf("log-density of %v is %.9g, want %.9g", row, got[i], want)
		}
	}

	dir := t.TempDir() + "/model"
	if err := m.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	saved, err := flow.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := saved.Fast()
	if err != nil {
		t.Fatal(err)
	}
	logProb, err := density.LogProb(f, rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, lp := range logProb {
		if !(math.Abs(got[i]-lp) < 1e-5*max(1, math.Abs(lp))) {
			t.Fatalf("row %d: fast %.9g, graph %.9g", i, lp, got[i])
		}
	}
	x, err := m.Sample(1, 20000)
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.0
	for _, row := range x {
		mean += (row[1] - 5) * (row[0] - 1e9) / float64(len(x))
	}
	if want := s.Std[0] * s.Std[1] * s.Factor[1][0]; !(math.Abs(mean-want) < 0.2) { // 5 standard errors, and the sample's means
		t.Errorf("covariance of the draws is %g, want %g", mean, want)
	}
}
