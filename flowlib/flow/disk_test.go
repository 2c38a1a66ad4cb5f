package flow_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

// A folder as version 1 wrote it, which knew RealNVP alone and fewer fields.
func TestLoadReadsVersion1(t *testing.T) {
	m := randomModel(t, 3)
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "model.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	d["version"] = 1
	config := d["config"].(map[string]any)
	for field := range config {
		if !slices.Contains([]string{"architecture", "features", "layers", "hidden", "max_log_scale", "input_bound", "seed", "scaler"}, field) {
			delete(config, field)
		}
	}
	if text, err = json.Marshal(d); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	loaded, err := flow.Load(m.Backend, dir)
	if err != nil {
		t.Fatal(err)
	}
	x := [][]float64{{1, 2, 3}, {-4, 0, 1}}
	want, err := m.LogProb(x)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := loaded.LogProb(x); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v, %v", got, want, err)
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
