package flow_test

import (
	"math"
	"path/filepath"
	"reflect"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

// testdata/version1 was written by the program that knew version 1, and so was
// what it gave for these rows.
func TestLoadReadsVersion1(t *testing.T) {
	m, err := flow.Load(backendtest.Open(t), "testdata/version1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.LogProb([][]float64{{1, -2, 0.5}, {-1, -1.5, 2}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{-2.8493196964263916, -3.751143455505371} {
		if !(math.Abs(got[i]-want) <= 1e-5) { // another backend may round otherwise
			t.Errorf("row %d: log-density %g, written was %g", i, got[i], want)
		}
	}
}

// The copy in double precision has every variable, also those that are fixed or
// came from data, and takes them to disk and back.
func TestFloat64HasEveryVariable(t *testing.T) {
	for _, name := range []string{"glow", "nsf+actnorm+lu+mixture"} {
		m := smallModel(t, name, 2, 1)
		double, err := m.Float64()
		if err != nil {
			t.Fatal(err)
		}
		a, errA := m.Weights()
		b, errB := double.Weights()
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the weights differ, %v, %v", name, errA, errB)
		}
		x := [][]float64{{1, 2, 0.5}, {3, 1, 2}}
		single, err := m.LogProb(x)
		if err != nil {
			t.Fatal(err)
		}
		want, err := double.LogProb(x)
		if err != nil {
			t.Fatal(err)
		}
		for i := range x {
			if !(math.Abs(single[i]-want[i]) <= 1e-4) || single[i] == want[i] { // float32 rounding, and some of it
				t.Errorf("%s, row %d: %g in float32, %g in float64", name, i, single[i], want[i])
			}
		}
		dir := filepath.Join(t.TempDir(), "model")
		if err := double.Save(dir, nil); err != nil {
			t.Fatal(err)
		}
		loaded, err := flow.Load(backendtest.Open(t), dir)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := loaded.LogProb(x); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: loaded, it gives %v, want %v, %v", name, got, want, err)
		}
	}
}
